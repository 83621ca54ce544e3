from django.db import migrations, models

from fenqi.records.schema import belongs_to


class Migration(migrations.Migration):
    dependencies = [("records", "0011_partners")]

    operations = [
        migrations.AddField("supportthread", "case_id", models.UUIDField(null=True)),
        belongs_to("support_thread", "case_id", "aftersales_case"),
    ]
