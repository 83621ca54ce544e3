"""`/channels/<name>/notify`: included at the root."""

from django.urls import path

from fenqi.interfaces.channel_callbacks import sms_reports, views

urlpatterns = [
    path("channels/<str:channel>/notify", views.notify, name="channel-notify"),
    path("messages/<slug:provider>/reports/<str:token>", sms_reports.take, name="sms-reports"),
]
