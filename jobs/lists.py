"""The lists that jobs work on: what an admin list shows under a filter, to whoever started the job."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from accounts.models import User
from jobs.errors import JobRefused
from jobs.models import Job
from shops.permissions import may

NOT_A_FILTER = ("p", "o", "all", "e")  # page, order: they choose no rows


def plain_filter(query: str) -> str:
    """A list's query without what chooses no rows."""
    asked = QueryDict(query, mutable=True)
    for name in NOT_A_FILTER:
        asked.pop(name, None)
    return asked.urlencode()


def listed(model: type[Model], user: User, query: str) -> QuerySet[Any]:
    """What the admin's list of `model` shows `user` under the filter `query`. Raises JobRefused for a wrong one."""
    request = HttpRequest()
    request.method, request.user, request.GET = "GET", user, QueryDict(plain_filter(query))
    admin.autodiscover()  # a worker has not loaded the admin's pages
    model_admin: Any = admin.site.get_model_admin(model)
    try:
        changelist = model_admin.get_changelist_instance(request)
        rows: QuerySet[Any] = changelist.queryset
    except IncorrectLookupParameters as error:
        raise JobRefused(_("This filter does not exist any more.")) from error
    return rows


def ensure_allowed(job: Job, permission: str) -> User:
    """Who started `job`, as they are now. Raises JobRefused if they may not do this any more."""
    user = User.objects.get(pk=job.user_id)
    if not (user.is_active and user.is_staff and may(user, permission, job.brand_id)):
        raise JobRefused(_("Whoever started this may not do it any more."))
    return user
