from django.db import migrations

from fenqi.records.schema import function

# The money write (scale rule 10): after the lock, one call records what the domain decided, and decides nothing.
# `decision` holds, by table, the rows to write, each with all its columns but customer_id.
RECORD_DECISION = """
CREATE FUNCTION record_decision(p_customer uuid, decision jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
      state, trade_no, code, category, asked, next_query_at, expires_at, created_at, resolved_at, paid_at, reply)
    SELECT p_customer, r.id, r.payment_id, r.attempt_no, r.channel, r.out_trade_no, r.amount_minor, r.currency,
      r.state, r.trade_no, r.code, r.category, r.asked, r.next_query_at, r.expires_at, r.created_at, r.resolved_at,
      r.paid_at, r.reply
    FROM jsonb_populate_recordset(NULL::payment_attempt, decision->'payment_attempt') AS r
    ON CONFLICT (customer_id, id) DO UPDATE SET state = EXCLUDED.state, trade_no = EXCLUDED.trade_no,
      code = EXCLUDED.code, category = EXCLUDED.category, asked = EXCLUDED.asked,
      next_query_at = EXCLUDED.next_query_at, resolved_at = EXCLUDED.resolved_at, paid_at = EXCLUDED.paid_at,
      reply = EXCLUDED.reply;
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


class Migration(migrations.Migration):
    dependencies = [("records", "0002_constraints")]

    operations = [function("record_decision(uuid, jsonb)", RECORD_DECISION)]
