from django.db import migrations, models
from django.db.models import Q

from fenqi.records.schema import function

# A version may be withdrawn once; otherwise what was published stays as it was (R164).
PUBLISHED_STAYS = """
CREATE FUNCTION published_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL
     AND to_jsonb(OLD) - 'withdrawn_at' = to_jsonb(NEW) - 'withdrawn_at' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% never changes once it is published: % refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation';
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0013_evidence_thumbnails")]

    operations = [
        migrations.AlterField("aftersalespolicy", "code", models.CharField(max_length=120)),
        migrations.AlterField("aftersalescase", "policy_code", models.CharField(max_length=120)),
        migrations.AddField("orderline", "no_return_confirmed_at", models.DateTimeField(null=True)),
        migrations.AddField("orderline", "no_return_text_version", models.CharField(default="", max_length=64)),
        migrations.AddConstraint(
            "orderline",
            models.CheckConstraint(
                name="order_line_confirmation_whole",
                condition=Q(no_return_confirmed_at=None) ^ ~Q(no_return_text_version=""),
            ),
        ),
        function("published_stays()", PUBLISHED_STAYS),
        migrations.RunSQL(
            "CREATE TRIGGER aftersales_policy_stays BEFORE UPDATE OR DELETE ON aftersales_policy "
            "FOR EACH ROW EXECUTE FUNCTION published_stays()",
            "DROP TRIGGER aftersales_policy_stays ON aftersales_policy",
        ),
    ]
