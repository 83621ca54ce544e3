"""The reminders of a day are looked up by day and range of customers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0025_accounts_and_papers")]

    operations = [
        migrations.RemoveIndex("notice", "notice_by_day"),
        migrations.AddIndex("notice", models.Index(fields=["due_at", "customer_id"], name="notice_by_day")),
    ]
