"""How many photos and videos may still come with a form of after-sales."""

from django.utils.translation import gettext as _

from fenqi.usecases.aftersales.evidence import Room


def room_told(room: Room) -> str:
    """How many more may be added."""
    if not room.photos_left and not room.videos_left:
        return _("That is all that can be added.")
    return _("Room for photos: %(photos)s, for videos: %(videos)s.") % {
        "photos": room.photos_left,
        "videos": room.videos_left,
    }
