"""Apple's web service, the same for both kinds, below /w/ (apple-wallet.md §A.5, §B.10).

Devices put `/v1/…` behind the webServiceURL, some of them with a slash too many.
"""

from django.urls import re_path

from applewallet import views

BASE = r"^(?P<slug>[-\w]+)//?v1"
TYPE = r"(?P<identifier>[^/]{1,200})"
SERIAL = r"(?P<serial>[^/]{1,100})"
DEVICE = r"devices/(?P<device>[^/]{1,200})/registrations"

urlpatterns = [
    re_path(rf"{BASE}/{DEVICE}/{TYPE}/{SERIAL}$", views.registration, name="wallet-registration"),
    re_path(rf"{BASE}/{DEVICE}/{TYPE}$", views.updated, name="wallet-updated"),
    re_path(rf"{BASE}/(?P<path>passes|orders)/{TYPE}/{SERIAL}$", views.latest, name="wallet-latest"),
    re_path(rf"{BASE}/passes/{TYPE}/{SERIAL}/personalize$", views.personalize, name="wallet-personalize"),
    re_path(rf"{BASE}/log$", views.log, name="wallet-log"),
]
