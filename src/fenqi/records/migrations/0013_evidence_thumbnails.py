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
    ]
