"""The page that tells staff what each role may do says what the table says."""

from fenqi.config.environment import project_folder
from fenqi.usecases.staff.permissions import MAY, Permission

LINES = {
    "find a customer, see orders, plans, payments, raw events": Permission.SEE_CUSTOMERS,
    "ask a payment channel what became of an attempt": Permission.ASK_CHANNEL,
    "end a customer's auto-debit, against a reason": Permission.END_AGREEMENTS,
    "show name and phone, against a reason": Permission.REVEAL_PERSONAL_DATA,
    "see the journal": Permission.SEE_JOURNAL,
    "see refunds that wait, propose an account for a transfer, record the transfer": Permission.PROPOSE_TRANSFER,
    "approve a transfer that somebody else proposed": Permission.APPROVE_TRANSFER,
    "give a reserve back": Permission.RELEASE_RESERVES,
    "propose to take what is overdue from a reserve": Permission.PROPOSE_CAPTURE,
    "approve such a capture that somebody else proposed": Permission.APPROVE_CAPTURE,
    "see lenders, returns that wait there, their daily files": Permission.SEE_PARTNERS,
    "set lenders up, change what customers read of them": Permission.EDIT_PARTNERS,
    "see reconciled days, bills and findings": Permission.SEE_RECONCILIATION,
    "explain and repair findings, against a reason": Permission.REPAIR_FINDINGS,
    "see what is known of channels and banks: limits, hours, maintenance": Permission.SEE_CONDITIONS,
    "add to it, withdraw it": Permission.EDIT_CONDITIONS,
    "see after-sales policies, every version": Permission.SEE_POLICIES,
    "draft, preview, publish and take back policies": Permission.EDIT_POLICIES,
    "see how failed repayments are put right": Permission.SEE_RECOVERY,
    "answer customers, take, hand over and close tickets, plan calls, send the link to repay": (
        Permission.ANSWER_CUSTOMERS
    ),
    "see after-sales cases, with their quotes and their course": Permission.SEE_CASES,
    "see the photos and videos of a case": Permission.SEE_EVIDENCE,
    "apply for a customer": Permission.APPLY_FOR_CUSTOMERS,
    "review cases: take, ask for more, approve, reject, withdraw for the customer": Permission.REVIEW_CASES,
    "receive returned goods, send replacements": Permission.RECEIVE_GOODS,
    "see the daily close, and how late plans are": Permission.SEE_DAILY_CLOSE,
    "have a day closed now": Permission.RUN_DAILY_CLOSE,
    "see what customers were told, and how a day goes": Permission.SEE_NOTICES,
    "draft, try and publish the words of notices": Permission.EDIT_NOTICE_TEMPLATES,
    "have a dispute file made and fetch it, against a reason": Permission.MAKE_DISPUTE_FILES,
    "propose a new phone for a customer who lost the old one": Permission.PROPOSE_PHONE_CHANGE,
    "approve a new phone that somebody else proposed": Permission.APPROVE_PHONE_CHANGE,
    "see overdue plans, and what helps with them": Permission.SEE_COLLECTIONS,
    "record promises to pay, log calls": Permission.RECORD_PROMISES,
    "propose new schedules and due dates": Permission.RESCHEDULE_PLANS,
    "waive charges, within a limit alone": Permission.WAIVE_CHARGES,
    "propose to write a plan off": Permission.CHARGE_OFF_PLANS,
    "approve changes of plans that somebody else proposed": Permission.APPROVE_PLAN_CHANGES,
    "answer objections to credit marks": Permission.ANSWER_OBJECTIONS,
    "hand credit marks to the lender": Permission.EXPORT_CREDIT_MARKS,
    "draft, rehearse, announce and call off moves of plans": Permission.MOVE_PLANS,
    "approve moves of plans that somebody else drafted, take them back": Permission.APPROVE_MOVES,
    "write saved answers": Permission.EDIT_SAVED_ANSWERS,
    "write announcements and help pages": Permission.WRITE_TEXTS,
    "publish what a colleague wrote": Permission.PUBLISH_TEXTS,
    "see repayment entries and their closings": Permission.SEE_ENTRIES,
    "plan, change and call off closings of entries, propose versions of entries": Permission.PLAN_CLOSINGS,
    "approve closings and versions that somebody else planned": Permission.APPROVE_CLOSINGS,
    "see refused callbacks": Permission.SEE_REFUSED_CALLBACKS,
    "read the audit": Permission.SEE_AUDIT,
}


def test_the_table_of_the_page_is_the_table_of_the_program() -> None:
    assert set(LINES.values()) == set(Permission)
    rows = [line.strip("| ").split("|") for line in (project_folder() / "docs/console.md").read_text().splitlines()]
    told = {cells[0].strip(): [cell.strip() == "yes" for cell in cells[1:]] for cells in rows if len(cells) > 1}
    roles = ("agent", "finance", "admin")
    assert {text: [*told[text], *[False] * (3 - len(told[text]))] for text in LINES} == {
        text: [permission in MAY[role] for role in roles] for text, permission in LINES.items()
    }
