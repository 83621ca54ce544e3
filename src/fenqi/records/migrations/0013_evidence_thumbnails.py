from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0012_conversations_about_cases")]

    operations = [
        migrations.AddField(
            model_name="caseevidence",
            name="thumbnail_sha256",
            field=models.BinaryField(default=b""),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="caseevidence",
            index=models.Index(
                fields=["created_at"], name="aftersales_evidence_waiting", condition=models.Q(case_id=None)
            ),
        ),
        migrations.AddIndex(
            model_name="caseevidence",
            index=models.Index(
                fields=["created_at"],
                name="aftersales_evidence_by_age",
                condition=models.Q(case_id__isnull=False),
            ),
        ),
    ]
