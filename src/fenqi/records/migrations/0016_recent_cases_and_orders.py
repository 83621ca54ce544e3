from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0015_default_policies")]

    operations = [
        migrations.AddIndex("aftersalescase", models.Index(fields=["-created_at"], name="aftersales_case_recent")),
        migrations.AddIndex("order", BrinIndex(fields=["created_at"], name="orders_by_arrival")),
    ]
