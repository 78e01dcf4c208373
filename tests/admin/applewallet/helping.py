"""What the tests of the Apple Wallet pages share."""

from django.core.files.uploadedfile import SimpleUploadedFile

from applewallet.services import keep_log

DEVICE = "ceed8761e584e814ed4fe73cbb334ee9"
PUSH_TOKEN = "0f" * 32
LISTS = ["credential", "packagetype", "package", "device", "push", "devicelog"]


def phone_with(package, library_identifier=DEVICE, push_token=PUSH_TOKEN):
    """A phone that holds the package, was pushed, and complained."""
    brand, package_type = package.brand, package.type
    device = package_type.devices.create(brand=brand, library_identifier=library_identifier, push_token=push_token)
    device.registrations.create(brand=brand, package=package)
    package_type.pushes.get_or_create(brand=brand, push_token=push_token, state="pending")
    about = f"for device {library_identifier}, pass type {package_type}, serial number {package.serial}"
    keep_log(package_type, [f"[t] Register task ({about}) encountered error: Authentication failure"])
    return device


def rows_of(brand):
    """A row of each list."""
    rows = [brand.credentials, brand.packagetypes, brand.packages, brand.devices, brand.pushes, brand.device_logs]
    return {name: kept.get() for name, kept in zip(LISTS, rows, strict=True)}


def files_of(upload, **more):
    """An upload as a browser sends it."""
    files = {
        name: SimpleUploadedFile(name, getattr(upload, name))
        for name in ("certificate", "key", "intermediate")
        if getattr(upload, name)
    }
    return {"kind": "pass", "password": upload.password, **files, **more}
