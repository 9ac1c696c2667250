"""What must hold between the fields of a registration, and what is only worth a warning."""

from collections.abc import Iterator

from events.placing import NEEDED, missing
from events.seal import kid_of
from events.values import IpAddress, IpPrefix, ServerName
from intake.naming import make_name, parts_of
from intake.problems import BadRegistration, FieldError
from intake.registration import RegistrationRequest
from intake.settings import Settings

IPMI_PASSWORD_BYTES = 20
"""IPMI 2.0 keeps no more of a password; some BMCs cut it there without a word."""


def check(request: RegistrationRequest, settings: Settings) -> ServerName:
    """The server's name, given or made. Raises `BadRegistration` naming every field that won't do."""
    return _decided(request, settings, _password(request))


def check_before_scan(request: RegistrationRequest, settings: Settings) -> ServerName:
    """The same for a registration that has no password yet, and must have none."""
    return _decided(request, settings, _no_password(request))


def _decided(request: RegistrationRequest, settings: Settings, password: Iterator[FieldError]) -> ServerName:
    errors = [*password, *_macs(request, settings), *_address(request)]
    name = request.device_name
    if name is None:
        try:
            name = _made_name(request, settings.name_pattern)
        except BadRegistration as nameless:
            errors += nameless.errors
    if errors or name is None:
        raise BadRegistration(errors)
    return name


def warnings(request: RegistrationRequest) -> tuple[str, ...]:
    """What the technician should know although the registration was taken."""
    found = []
    if len((request.bmc_password or "").encode()) > IPMI_PASSWORD_BYTES:
        found.append(f"the password is longer than {IPMI_PASSWORD_BYTES} bytes, and IPMI uses no more of it")
    absent = missing(request)
    if absent and len(absent) < len(NEEDED):
        found.append(f"NetBox will be skipped: {', '.join(absent)} missing")
    return tuple(found)


def _password(request: RegistrationRequest) -> Iterator[FieldError]:
    if request.bmc_password and request.bmc_password_sealed:
        yield FieldError("bmc_password_sealed", None, "either this or bmc_password, not both")
    elif request.bmc_password_sealed:
        try:
            kid_of(request.bmc_password_sealed)
        except (ValueError, RecursionError):
            yield FieldError("bmc_password_sealed", None, "a password sealed to a key of /api/v1/keys")
    elif not request.bmc_password:
        yield FieldError("bmc_password", None, "a password that is not empty, or bmc_password_sealed")


def _no_password(request: RegistrationRequest) -> Iterator[FieldError]:
    for name in ("bmc_password", "bmc_password_sealed"):
        if getattr(request, name) is not None:
            yield FieldError(name, None, "left out: a check takes no password")


def _macs(request: RegistrationRequest, settings: Settings) -> Iterator[FieldError]:
    if request.boot_mac == request.bmc_mac:
        yield FieldError("boot_mac", request.boot_mac, "the MAC of the boot NIC, not the BMC's")
    if settings.require_boot_mac and request.boot_mac is None:
        yield FieldError("boot_mac", None, "required here: the MAC of the boot NIC")


def _address(request: RegistrationRequest) -> Iterator[FieldError]:
    address, prefix = request.bmc_ip, request.bmc_prefix
    if address is None or prefix is None:
        return
    if address not in prefix:
        yield FieldError("bmc_ip", str(address), f"an address in bmc_prefix {prefix}")
    elif address in _no_hosts(prefix):
        yield FieldError("bmc_ip", str(address), f"no network or broadcast address of {prefix}")


def _no_hosts(prefix: IpPrefix) -> set[IpAddress]:
    """The addresses of a prefix that no interface gets; in point-to-point prefixes there are none."""
    if prefix.num_addresses <= 2:
        return set()
    first = {prefix.network_address}
    return first | {prefix.broadcast_address} if prefix.version == 4 else first


def _made_name(request: RegistrationRequest, pattern: str) -> ServerName:
    parts = {part: getattr(request, part) for part in parts_of(pattern)}
    missing = [part for part, value in parts.items() if value is None]
    if missing:
        expected = f"a name, or {', '.join(missing)} to make one as {pattern}"
        raise BadRegistration([FieldError("device_name", None, expected)])
    made = make_name(pattern, parts)
    try:
        return ServerName(made)
    except ValueError:
        expected = "a name: the one made is no DNS label of at most 59 characters"
        raise BadRegistration([FieldError("device_name", made, expected)]) from None
