from django.db import migrations

from fenqi.records.identifiers import house_of
from fenqi.records.schema import append_only, belongs_to, belongs_to_customer

CHANNELS = ("alipay", "wechat_pay", "bank_card")

# As in 0003, with the new columns of attempts, and with refunds, their legs and times of no fault.
RECORD_DECISION = """
CREATE OR REPLACE FUNCTION record_decision(p_customer uuid, decision jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF decision ? 'directory' THEN
    INSERT INTO directory (kind, key, customer_id, target_id)
    SELECT r.kind, r.key, p_customer, r.target_id
    FROM jsonb_to_recordset(decision->'directory') AS r(kind text, key text, target_id uuid);
  END IF;
  IF decision ? 'payment' THEN
    INSERT INTO payment (customer_id, id, plan_id, purpose, installments, amount_minor, currency, state, channel,
      quoted_on, expires_at, event_id, request_key, created_at, succeeded_at, updated_at)
    SELECT p_customer, r.id, r.plan_id, r.purpose, r.installments, r.amount_minor, r.currency, r.state, r.channel,
      r.quoted_on, r.expires_at, r.event_id, r.request_key, r.created_at, r.succeeded_at, r.updated_at
    FROM jsonb_populate_recordset(NULL::payment, decision->'payment') AS r
    ON CONFLICT (customer_id, id) DO UPDATE SET state = EXCLUDED.state, channel = EXCLUDED.channel,
      event_id = EXCLUDED.event_id, succeeded_at = EXCLUDED.succeeded_at, updated_at = EXCLUDED.updated_at;
  END IF;
  IF decision ? 'payment_attempt' THEN
    INSERT INTO payment_attempt (customer_id, id, payment_id, attempt_no, channel, out_trade_no, amount_minor, currency,
      state, trade_no, code, category, asked, next_query_at, method, card_id, agreement_id, retry, cashier, expires_at,
      created_at, resolved_at, paid_at, reply)
    SELECT p_customer, r.id, r.payment_id, r.attempt_no, r.channel, r.out_trade_no, r.amount_minor, r.currency,
      r.state, r.trade_no, r.code, r.category, r.asked, r.next_query_at, r.method, r.card_id, r.agreement_id, r.retry,
      r.cashier, r.expires_at, r.created_at, r.resolved_at, r.paid_at, r.reply
    FROM jsonb_populate_recordset(NULL::payment_attempt, decision->'payment_attempt') AS r
    ON CONFLICT (customer_id, id) DO UPDATE SET state = EXCLUDED.state, trade_no = EXCLUDED.trade_no,
      code = EXCLUDED.code, category = EXCLUDED.category, asked = EXCLUDED.asked,
      next_query_at = EXCLUDED.next_query_at, resolved_at = EXCLUDED.resolved_at, paid_at = EXCLUDED.paid_at,
      retry = EXCLUDED.retry, cashier = EXCLUDED.cashier, reply = EXCLUDED.reply;
  END IF;
  IF decision ? 'channel_notification' THEN
    INSERT INTO channel_notification (customer_id, id, channel, notify_id, attempt_id, outcome, body, received_at)
    SELECT p_customer, r.id, r.channel, r.notify_id, r.attempt_id, r.outcome, r.body, r.received_at
    FROM jsonb_populate_recordset(NULL::channel_notification, decision->'channel_notification') AS r
    ON CONFLICT (customer_id, channel, notify_id) DO NOTHING;
  END IF;
  IF decision ? 'plan' THEN
    UPDATE plan SET version = r.version, status = r.status, outstanding_minor = r.outstanding_minor,
      balance_minor = r.balance_minor, next_due_on = r.next_due_on, last_due_on = r.last_due_on,
      installment_count = r.installment_count, updated_at = r.updated_at
    FROM jsonb_populate_recordset(NULL::plan, decision->'plan') AS r
    WHERE plan.customer_id = p_customer AND plan.id = r.id AND plan.version < r.version;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the plan moved on since it was read' USING ERRCODE = 'serialization_failure';
    END IF;
  END IF;
  IF decision ? 'plan_event' THEN
    INSERT INTO plan_event (customer_id, id, plan_id, seq, kind, effective_on, amount_minor, body, payment_id, actor,
      recorded_at)
    SELECT p_customer, r.id, r.plan_id, r.seq, r.kind, r.effective_on, r.amount_minor, r.body, r.payment_id, r.actor,
      r.recorded_at
    FROM jsonb_populate_recordset(NULL::plan_event, decision->'plan_event') AS r;
  END IF;
  IF decision ? 'installment' THEN
    INSERT INTO installment (customer_id, id, plan_id, n, due_on, is_down_payment, principal_minor, interest_minor,
      fee_minor, late_fee_minor, principal_paid_minor, interest_paid_minor, fee_paid_minor, late_fee_paid_minor,
      paid_early_minor, paid_late_minor, paid_on)
    SELECT p_customer, r.id, r.plan_id, r.n, r.due_on, r.is_down_payment, r.principal_minor, r.interest_minor,
      r.fee_minor, r.late_fee_minor, r.principal_paid_minor, r.interest_paid_minor, r.fee_paid_minor,
      r.late_fee_paid_minor, r.paid_early_minor, r.paid_late_minor, r.paid_on
    FROM jsonb_populate_recordset(NULL::installment, decision->'installment') AS r
    ON CONFLICT (customer_id, plan_id, n) DO UPDATE SET due_on = EXCLUDED.due_on,
      is_down_payment = EXCLUDED.is_down_payment,
      principal_minor = EXCLUDED.principal_minor, interest_minor = EXCLUDED.interest_minor,
      fee_minor = EXCLUDED.fee_minor, late_fee_minor = EXCLUDED.late_fee_minor,
      principal_paid_minor = EXCLUDED.principal_paid_minor, interest_paid_minor = EXCLUDED.interest_paid_minor,
      fee_paid_minor = EXCLUDED.fee_paid_minor, late_fee_paid_minor = EXCLUDED.late_fee_paid_minor,
      paid_early_minor = EXCLUDED.paid_early_minor, paid_late_minor = EXCLUDED.paid_late_minor,
      paid_on = EXCLUDED.paid_on;
  END IF;
  IF decision ? 'dropped_installment' THEN
    DELETE FROM installment i USING jsonb_to_recordset(decision->'dropped_installment') AS r(plan_id uuid, after_n int)
    WHERE i.customer_id = p_customer AND i.plan_id = r.plan_id AND i.n > r.after_n;
  END IF;
  IF decision ? 'journal_entry' THEN
    INSERT INTO journal_entry (customer_id, id, seq, code, effective_on, posted_at, currency, plan_id, order_id,
      event_id, payment_id, prev_hash, hash)
    SELECT p_customer, r.id, r.seq, r.code, r.effective_on, r.posted_at, r.currency, r.plan_id, r.order_id,
      r.event_id, r.payment_id, r.prev_hash, r.hash
    FROM jsonb_populate_recordset(NULL::journal_entry, decision->'journal_entry') AS r;
    INSERT INTO journal_line (customer_id, id, entry_id, line_no, account, debit_minor, credit_minor, currency,
      plan_id, order_id)
    SELECT p_customer, r.id, r.entry_id, r.line_no, r.account, r.debit_minor, r.credit_minor, r.currency,
      r.plan_id, r.order_id
    FROM jsonb_populate_recordset(NULL::journal_line, decision->'journal_line') AS r;
    UPDATE customer SET entry_seq = head.seq, entry_hash = head.hash
    FROM jsonb_populate_recordset(NULL::journal_entry, decision->'journal_entry') AS head
    WHERE customer.id = p_customer AND head.seq = (decision->>'head_seq')::bigint;
  END IF;
  IF decision ? 'refund' THEN
    INSERT INTO refund (customer_id,
      id, cause, source_key, plan_id, order_id, payment_id, amount_minor, currency, reason, status, actor,
      created_at, completed_at, updated_at)
    SELECT p_customer,
      r.id, r.cause, r.source_key, r.plan_id, r.order_id, r.payment_id, r.amount_minor, r.currency, r.reason,
      r.status, r.actor, r.created_at, r.completed_at, r.updated_at
    FROM jsonb_populate_recordset(NULL::refund, decision->'refund') AS r
    ON CONFLICT (customer_id, id) DO UPDATE SET
      status = EXCLUDED.status, completed_at = EXCLUDED.completed_at, updated_at = EXCLUDED.updated_at;
  END IF;
  IF decision ? 'refund_leg' THEN
    INSERT INTO refund_leg (customer_id,
      id, refund_id, leg_no, route, attempt_id, card_id, channel, out_refund_no, refund_no, amount_minor, currency,
      state, code, category, retry, destination, account, asked, next_query_at, submitted_at, refunded_at,
      expected_from, expected_by, arrived_on, entry_id, proposed_by, approved_by, approved_at, transfer_reference,
      reply, created_at, updated_at)
    SELECT p_customer,
      r.id, r.refund_id, r.leg_no, r.route, r.attempt_id, r.card_id, r.channel, r.out_refund_no, r.refund_no,
      r.amount_minor, r.currency, r.state, r.code, r.category, r.retry, r.destination, r.account, r.asked,
      r.next_query_at, r.submitted_at, r.refunded_at, r.expected_from, r.expected_by, r.arrived_on, r.entry_id,
      r.proposed_by, r.approved_by, r.approved_at, r.transfer_reference, r.reply, r.created_at, r.updated_at
    FROM jsonb_populate_recordset(NULL::refund_leg, decision->'refund_leg') AS r
    ON CONFLICT (customer_id, id) DO UPDATE SET
      card_id = EXCLUDED.card_id, refund_no = EXCLUDED.refund_no, state = EXCLUDED.state, code = EXCLUDED.code,
      category = EXCLUDED.category, retry = EXCLUDED.retry, destination = EXCLUDED.destination, account =
      EXCLUDED.account, asked = EXCLUDED.asked, next_query_at = EXCLUDED.next_query_at, submitted_at =
      EXCLUDED.submitted_at, refunded_at = EXCLUDED.refunded_at, expected_from = EXCLUDED.expected_from, expected_by
      = EXCLUDED.expected_by, arrived_on = EXCLUDED.arrived_on, entry_id = EXCLUDED.entry_id, proposed_by =
      EXCLUDED.proposed_by, approved_by = EXCLUDED.approved_by, approved_at = EXCLUDED.approved_at,
      transfer_reference = EXCLUDED.transfer_reference, reply = EXCLUDED.reply, updated_at = EXCLUDED.updated_at;
  END IF;
  IF decision ? 'no_fault_period' THEN
    INSERT INTO no_fault_period (customer_id,
      id, plan_id, attempt_id, cause, starts_at, ends_at, evidence, recorded_at)
    SELECT p_customer,
      r.id, r.plan_id, r.attempt_id, r.cause, r.starts_at, r.ends_at, r.evidence, r.recorded_at
    FROM jsonb_populate_recordset(NULL::no_fault_period, decision->'no_fault_period') AS r
    ON CONFLICT (customer_id, id) DO UPDATE SET
      ends_at = EXCLUDED.ends_at, evidence = EXCLUDED.evidence;
  END IF;
  IF decision ? 'outbox' THEN
    INSERT INTO outbox (customer_id, id, topic, body, not_before, tries, error, created_at)
    SELECT p_customer, r.id, r.topic, r.body, r.not_before, 0, '', r.created_at
    FROM jsonb_populate_recordset(NULL::outbox, decision->'outbox') AS r;
  END IF;
  IF decision ? 'idempotency_record' THEN
    INSERT INTO idempotency_record (customer_id, id, client, key, digest, status, answer, created_at)
    SELECT p_customer, r.id, r.client, r.key, r.digest, r.status, r.answer, r.created_at
    FROM jsonb_populate_recordset(NULL::idempotency_record, decision->'idempotency_record') AS r;
  END IF;
END $$
"""


def house(channel: str) -> list[migrations.RunSQL]:
    """The customer of what a channel does with nobody in particular (scale rule 5)."""
    key, ref = house_of(channel), f"house:{channel}"
    return [
        migrations.RunSQL(
            "INSERT INTO customer (id, ref, name_encrypted, phone_encrypted, phone_index, language, entry_seq, "
            f"entry_hash, registered_at, updated_at) VALUES ('{key}', '{ref}', '', '', '', 'zh-hans', 0, '', "
            "'2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')",
            f"DELETE FROM customer WHERE id = '{key}'",
        ),
        migrations.RunSQL(
            "INSERT INTO directory (kind, key, customer_id, target_id) VALUES "
            f"('customer_ref', '{ref}', '{key}', '{key}')",
            f"DELETE FROM directory WHERE kind = 'customer_ref' AND key = '{ref}'",
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("records", "0004_money_in_and_out")]

    operations = [
        *(
            belongs_to_customer(table)
            for table in ("bound_card", "refund", "support_thread", "bill_line", "reconciliation_finding")
        ),
        belongs_to("payment_attempt", "card_id", "bound_card"),
        belongs_to("debit_agreement", "plan_id", "plan"),
        belongs_to("debit_agreement", "card_id", "bound_card"),
        belongs_to("payment_attempt", "agreement_id", "debit_agreement"),
        belongs_to("debit_notice", "agreement_id", "debit_agreement"),
        belongs_to("refund", "plan_id", "plan"),
        belongs_to("refund_leg", "refund_id", "refund"),
        belongs_to("refund_leg", "attempt_id", "payment_attempt"),
        belongs_to("refund_leg", "card_id", "bound_card"),
        belongs_to("no_fault_period", "plan_id", "plan"),
        belongs_to("retry_reminder", "payment_id", "payment"),
        belongs_to("support_message", "thread_id", "support_thread"),
        *append_only("support_message"),
        migrations.RunSQL(RECORD_DECISION, migrations.RunSQL.noop),
        migrations.RunSQL(
            "INSERT INTO ledger_account (name) VALUES ('bank.settlement')",
            "DELETE FROM ledger_account WHERE name = 'bank.settlement'",
        ),
        *(statement for channel in CHANNELS for statement in house(channel)),
    ]
