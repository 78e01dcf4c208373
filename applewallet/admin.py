"""Staff's view of Apple Wallet: certificates, packages, phones, pushes, and what phones complain of."""

from django.contrib import admin

from applewallet.admin_credentials import CredentialAdmin
from applewallet.admin_design import DesignAdmin
from applewallet.admin_devices import DeviceAdmin, DeviceLogAdmin, PushAdmin
from applewallet.admin_packages import PackageAdmin
from applewallet.admin_types import PackageTypeAdmin
from applewallet.models import Credential, Design, Device, DeviceLog, Package, PackageType, Push

admin.site.register(Credential, CredentialAdmin)
admin.site.register(Design, DesignAdmin)
admin.site.register(PackageType, PackageTypeAdmin)
admin.site.register(Package, PackageAdmin)
admin.site.register(Device, DeviceAdmin)
admin.site.register(Push, PushAdmin)
admin.site.register(DeviceLog, DeviceLogAdmin)
