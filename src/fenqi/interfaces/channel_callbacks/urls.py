"""`/channels/<name>/notify`: included at the root."""

from django.urls import path

from fenqi.interfaces.channel_callbacks import views

urlpatterns = [path("channels/<str:channel>/notify", views.notify, name="channel-notify")]
