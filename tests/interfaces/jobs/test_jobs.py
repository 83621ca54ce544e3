"""What the queue runs, how it tries again, and how the outbox gets there."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from threading import Event, Thread
from time import monotonic, sleep

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection, connections, transaction
from procrastinate import RetryDecision
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from fenqi.domain.errors import NotFound
from fenqi.interfaces.commands.worker import worker_queue
from fenqi.interfaces.jobs import relay, tasks
from fenqi.records.models import OutboxMessage, PaymentAttempt
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.notices.sending import NoticeUnanswered
from malls import bought
from own_loop import in_own_loop
from town import Town

PATIENCE_SECONDS = 10


@pytest.fixture
def _empty_queue(transactional_db: None) -> None:
    """The queue's tables are not Django's, which therefore leaves them as the test before did."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def a_job(attempts: int) -> Job:
    return Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="x", attempts=attempts)


@pytest.mark.parametrize(
    "name", ["ask_channel", "repayment_succeeded", "send_sign_in_code", "auto_debit", "plan_debit", "end_agreement"]
)
def test_the_worker_finds_every_task_by_the_name_that_is_queued(name: str) -> None:
    queue = worker_queue()
    for path in queue.import_paths:
        import_module(path)
    assert queue.tasks[name].name == name


def test_the_worker_knows_what_the_clock_brings() -> None:
    queue = worker_queue()
    for path in queue.import_paths:
        import_module(path)
    assert {name for name, _ in queue.periodic_registry.periodic_tasks} >= {"sweep_auto_debit"}


def test_a_fault_is_met_again_later_and_later_and_at_last_given_up() -> None:
    back_off = tasks.BackOff(most_tries=4)
    decisions = [back_off.get_retry_decision(exception=OperationalError(), job=a_job(n)) for n in range(4)]
    waits = [decision.retry_at for decision in decisions if isinstance(decision, RetryDecision)]
    assert len(waits) == 3
    assert waits == sorted(filter(None, waits))
    assert decisions[3] is None


def test_a_refusal_of_our_own_rules_is_final_and_an_unanswered_message_is_not() -> None:
    back_off = tasks.BackOff(most_tries=4)
    assert back_off.get_retry_decision(exception=NotFound(), job=a_job(0)) is None
    assert back_off.get_retry_decision(exception=NoticeUnanswered(), job=a_job(0))


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE_SECONDS
    while not holds():
        assert monotonic() < deadline, "it did not happen"
        sleep(0.05)


@pytest.fixture
def relaying() -> Callable[[], None]:
    """Run the relay beside the test until all that is due has been handed over."""

    def run() -> None:
        stop = Event()

        def body() -> None:
            relay.run_relay(stop)
            connections.close_all()

        thread = Thread(target=body)
        thread.start()
        try:
            wait_until(nothing_is_due)
        finally:
            stop.set()
            thread.join()

    return run


def nothing_is_due() -> bool:
    with across_customers():
        return not OutboxMessage.objects.filter(done_at__isnull=True, not_before__lte=clock.now()).exists()


@pytest.mark.usefixtures("_empty_queue")
def test_the_relay_hands_over_what_is_due_once_and_nothing_before_its_time(
    town: Town, relaying: Callable[[], None]
) -> None:
    plan = bought()
    started = plan.start(1, now=clock.now() - timedelta(seconds=10))
    later = bought()
    later.start(1, now=clock.now() + timedelta(hours=1))
    relaying()
    relaying()
    jobs = list(ProcrastinateJob.objects.values_list("task_name", "args"))
    assert jobs == [("ask_channel", {"customer_id": str(plan.customer_id), "attempt_id": str(started.attempt_id)})]


@pytest.mark.usefixtures("_empty_queue")
def test_a_job_asks_the_channel_and_queues_the_next_question_itself(town: Town) -> None:
    plan = bought()
    started = plan.start(1, now=clock.now())
    tasks.ask_channel(customer_id=str(plan.customer_id), attempt_id=str(started.attempt_id))
    attempt = PaymentAttempt.objects.get(customer_id=plan.customer_id, id=started.attempt_id)
    assert (attempt.state, attempt.asked) == ("submitted", 1)
    assert OutboxMessage.objects.filter(customer_id=plan.customer_id, topic="ask_channel").count() == 2


@pytest.mark.usefixtures("_empty_queue")
def test_the_relay_outlives_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([OperationalError("away"), OperationalError("away")])
    stop = Event()

    def relay_outbox(**_: object) -> int:
        fault = next(answers, None)
        if fault:
            raise fault
        stop.set()
        return 0

    monkeypatch.setattr(relay, "relay_outbox", relay_outbox)
    monkeypatch.setattr(relay, "PAUSE_SECONDS", 0.01)
    relay.run_relay(stop)
    assert stop.is_set()


@pytest.mark.usefixtures("_empty_queue")
def test_beside_a_worker_jobs_still_belong_to_the_transaction_that_queues_them() -> None:
    async def beside_a_worker() -> None:
        async with worker_queue().open_async():
            await sync_to_async(queue_and_take_back, thread_sensitive=False)()

    def queue_and_take_back() -> None:
        with transaction.atomic():
            app.configure_task("ask_channel").defer(customer_id="c", attempt_id="a")
            transaction.set_rollback(True)
        connections.close_all()

    in_own_loop(beside_a_worker)
    assert not ProcrastinateJob.objects.exclude(task_name="rescue_lost_jobs").exists()  # by the clock, at any time


@pytest.mark.usefixtures("_empty_queue")
def test_a_worker_does_what_the_relay_handed_over(town: Town, relaying: Callable[[], None]) -> None:
    plan = bought()
    started = plan.start(1, now=clock.now() - timedelta(seconds=10))
    relaying()

    async def work_off() -> None:
        async with worker_queue().open_async() as queue:
            await queue.run_worker_async(wait=False, concurrency=2, listen_notify=False, delete_jobs="successful")

    in_own_loop(work_off)
    attempt = PaymentAttempt.objects.get(customer_id=plan.customer_id, id=started.attempt_id)
    assert attempt.asked == 1
    assert not ProcrastinateJob.objects.exclude(task_name="rescue_lost_jobs").exists()  # by the clock, at any time
