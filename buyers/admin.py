"""Partners' clients in the admin, for superusers and the clients' own developers (buyer-wallet.md §D.3)."""

from django.contrib import admin
from oauth2_provider.models import get_id_token_model

from accounts.admin import UserAdmin
from accounts.models import User
from buyers.admin_buyers import BuyerDesk
from buyers.admin_certificates import ClientCertificateAdmin
from buyers.admin_clients import ClientAdmin
from buyers.admin_orders import WalletOrderAdmin
from buyers.admin_requests import ClientRequestAdmin
from buyers.models import AccessToken, Client, ClientCertificate, ClientRequest, Grant, RefreshToken, WalletOrder

# The toolkit's own pages show every client's rows to whoever has Django's permissions.
admin.site.unregister([Client, Grant, AccessToken, RefreshToken, get_id_token_model()])
admin.site.register(Client, ClientAdmin)
admin.site.register(ClientRequest, ClientRequestAdmin)
admin.site.register(ClientCertificate, ClientCertificateAdmin)
admin.site.register(WalletOrder, WalletOrderAdmin)


class BuyerAdmin(BuyerDesk, UserAdmin):
    """Users, who may be buyers."""


admin.site.unregister(User)
admin.site.register(User, BuyerAdmin)
