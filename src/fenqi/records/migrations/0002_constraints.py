from django.db import migrations

from fenqi.records.schema import append_only, belongs_to, belongs_to_customer, function, names_small

ACCOUNTS = (
    "receivable.principal", "receivable.fee", "receivable.interest", "receivable.late_fee",
    "clearing.alipay", "clearing.wechat_pay", "clearing.bank_card", "clearing.mall", "clearing.cash",
    "payable.refund", "payable.partner", "customer.balance", "reserve.held", "reserve.owed",
    "income.fee", "income.interest", "income.late_fee", "allowance.bad_debt",
    "expense.price_protection", "expense.goodwill", "expense.subsidy", "expense.channel_fee", "expense.bad_debt",
    "expense.waiver", "sales.clearing", "sales.returns", "suspense",
)  # fmt: skip

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""

# All lines of an entry come in one statement, so that the statement can be judged as a whole (scale rule 6).
ENTRIES_BALANCE = """
CREATE FUNCTION entries_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE unbalanced uuid;
BEGIN
  SELECT entry_id INTO unbalanced FROM inserted GROUP BY customer_id, entry_id, currency
    HAVING sum(debit_minor) <> sum(credit_minor) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'journal entry % does not balance', unbalanced USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [
        *(
            belongs_to_customer(table)
            for table in (
                "orders", "journal_entry", "idempotency_record", "outbox", "audit_record", "channel_notification",
            )  # fmt: skip
        ),
        belongs_to("order_line", "order_id", "orders"),
        belongs_to("order_payment", "order_id", "orders"),
        belongs_to("plan", "order_id", "orders"),
        belongs_to("plan_event", "plan_id", "plan"),
        belongs_to("installment", "plan_id", "plan"),
        belongs_to("payment", "plan_id", "plan"),
        belongs_to("payment_attempt", "payment_id", "payment"),
        belongs_to("channel_notification", "attempt_id", "payment_attempt"),
        belongs_to("journal_entry", "plan_id", "plan"),
        belongs_to("journal_line", "entry_id", "journal_entry"),
        names_small("journal_line", "account", "ledger_account", "name"),
        function("refuse_change()", REFUSE_CHANGE),
        function("entries_balance()", ENTRIES_BALANCE),
        *append_only("plan_event"),
        *append_only("journal_entry"),
        *append_only("journal_line"),
        migrations.RunSQL(
            "CREATE TRIGGER journal_line_entries_balance AFTER INSERT ON journal_line "
            "REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION entries_balance()",
            "DROP TRIGGER journal_line_entries_balance ON journal_line",
        ),
        migrations.RunSQL(
            "INSERT INTO ledger_account (name) VALUES " + ", ".join(f"('{name}')" for name in ACCOUNTS),
            "DELETE FROM ledger_account",
        ),
        migrations.RunSQL(
            "INSERT INTO customer (id, ref, name_encrypted, phone_encrypted, phone_index, language, entry_seq, "
            "entry_hash, registered_at, updated_at) VALUES ('00000000-0000-7000-8000-000000000001', 'house', '', '', "
            "'', 'zh-hans', 0, '', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')",
            "DELETE FROM customer WHERE id = '00000000-0000-7000-8000-000000000001'",
        ),
        migrations.RunSQL(
            "INSERT INTO directory (kind, key, customer_id, target_id) VALUES ('customer_ref', 'house', "
            "'00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000001')",
            "DELETE FROM directory WHERE kind = 'customer_ref' AND key = 'house'",
        ),
    ]
