import pytest

from accounts.models import User
from shops.models import Staff
from tests.admin.helping import Admin


@pytest.fixture
def staff(brand):
    """Signs in somebody with a role in `brand`, and in further brands."""

    def sign_in(role, **elsewhere):
        user = User.objects.create_user(f"{role}{len(elsewhere)}@team.example", "secret", is_staff=True)
        Staff.objects.create(brand=brand, user=user, role=role)
        for place in elsewhere.values():
            Staff.objects.create(brand=place[0], user=user, role=place[1])
        return Admin(user)

    return sign_in


@pytest.fixture
def superuser(db):
    return Admin(User.objects.create_superuser("root@example.com", "secret"))
