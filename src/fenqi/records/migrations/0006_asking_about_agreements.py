from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("records", "0005_money_in_and_out_rules")]

    operations = [
        migrations.AddIndex(
            model_name="debitagreement",
            index=models.Index(
                fields=["next_query_at"], name="debit_agreement_ask", condition=Q(next_query_at__isnull=False)
            ),
        ),
    ]
