"""The card gateway's addresses in the town."""

from django.urls import path

from fenqi.sandbox.bank_card import gateway, pages

urlpatterns = [
    path("gateway/api/backTransReq.do", gateway.back_trade),
    path("gateway/api/queryTrans.do", gateway.query),
    path("gateway/api/fileTransfer.do", gateway.file),
    path("bank_card/cards", pages.page, name="bank_cards"),
    path("bank_card/cards/set", pages.set_card, name="set_bank_card"),
    path("control/api/bank_card/cards", pages.set_card_by_api),
]
