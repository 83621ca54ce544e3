"""The jobs that remove evidence do so, may run twice, and are in the queue's timetable."""

from datetime import timedelta

import pytest
from procrastinate.contrib.django import app

import media_files
from fenqi.interfaces.jobs.evidence import remove_expired, remove_waiting
from fenqi.records.models import CaseEvidence
from fenqi.usecases import clock
from fenqi.usecases.aftersales.evidence import store_evidence
from malls import bought

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_was_never_handed_in_is_removed_by_the_clock() -> None:
    bill = bought()
    long_ago = clock.now() - timedelta(days=2)
    store_evidence(bill.customer_id, bill.order_id, content=media_files.photo(), uploaded_by="customer", now=long_ago)
    for _ in range(2):
        remove_waiting(timestamp=0)
        remove_expired(timestamp=0)
    assert not CaseEvidence.objects.filter(customer_id=bill.customer_id).exists()


def test_they_are_in_the_timetable() -> None:
    planned = {periodic.task.name: periodic.cron for periodic in app.periodic_registry.periodic_tasks.values()}
    assert planned["remove_waiting_evidence"] == "17 * * * *"
    assert planned["remove_expired_evidence"] == "40 19 * * *"
