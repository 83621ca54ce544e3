from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0016_recent_cases_and_orders")]

    operations = [migrations.AddField("aftersalescase", "was_exchange", models.BooleanField(default=False))]
