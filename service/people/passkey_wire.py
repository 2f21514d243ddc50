"""What goes to a browser's passkeys and what comes back, in the words of WebAuthn (level 2).

Whatever a browser sends is either an answer in its right form and rightly signed, or
Refused("passkey.refused"): never an error of the library.
"""

from collections.abc import Callable
from typing import TypeVar

import webauthn
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from runtime.errors import Refused
from runtime.logs import get_logger
from service.people.challenges import LIFE
from service.people.models import Passkey
from service.people.passkey_parties import Holder, Site

LONGEST = 16 * 1024
"""No device answers with more characters."""
TIMEOUT = int(LIFE.total_seconds() * 1000)

_MALFORMED = (
    WebAuthnException,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RecursionError,
)
"""What the library raises for bytes that make no sense to it."""

_log = get_logger(__name__)
Done = TypeVar("Done")


def creation(site: Site, holder: Holder, challenge: bytes, had: list[Passkey]) -> str:
    """What `navigator.credentials.create()` wants, as JSON; not again on a device of `had`."""
    return webauthn.options_to_json(
        webauthn.generate_registration_options(
            rp_id=site.rp_id,
            rp_name=site.name,
            user_id=holder.handle,
            user_name=holder.name,
            user_display_name=holder.display_name,
            challenge=challenge,
            timeout=TIMEOUT,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(had),
        )
    )


def request(site: Site, challenge: bytes, allowed: list[Passkey]) -> str:
    """What `navigator.credentials.get()` wants, as JSON; of anybody's when none is named."""
    return webauthn.options_to_json(
        webauthn.generate_authentication_options(
            rp_id=site.rp_id,
            challenge=challenge,
            timeout=TIMEOUT,
            allow_credentials=_descriptors(allowed),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def created(credential: str) -> RegistrationCredential:
    """The answer of `create()`, read and not yet verified."""
    return _or_refused(lambda: parse_registration_credential_json(_bounded(credential)))


def asserted(credential: str) -> AuthenticationCredential:
    """The answer of `get()`, read and not yet verified."""
    return _or_refused(lambda: parse_authentication_credential_json(_bounded(credential)))


def signed_challenge(answer: RegistrationCredential | AuthenticationCredential) -> bytes:
    """The challenge that the answer claims to be for. A page within another's is refused."""
    said = _or_refused(lambda: parse_client_data_json(answer.response.client_data_json))
    if said.cross_origin:
        raise Refused("passkey.refused")
    return said.challenge


def verify_created(
    site: Site, answer: RegistrationCredential, challenge: bytes
) -> VerifiedRegistration:
    """A new key that is well formed, made by a device that has verified its user.

    Raises Refused("passkey.refused"), "passkey.unverified".
    """

    def verify() -> VerifiedRegistration:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
        )
        # A point that is not on its curve is no key.
        decoded_public_key_to_cryptography(
            decode_credential_public_key(found.credential_public_key)
        )
        return found

    return _by_its_user(_or_refused(verify))


def verify_asserted(
    site: Site, answer: AuthenticationCredential, challenge: bytes, public_key: bytes
) -> VerifiedAuthentication:
    """A signature that holds, by a device that has verified its user.

    The count of signatures is left to the caller: here it would be looked at before the
    signature, and anybody could forge a wrong one. Raises as `verify_created`.
    """
    return _by_its_user(
        _or_refused(
            lambda: webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=site.rp_id,
                expected_origin=site.origin,
                credential_public_key=public_key,
                credential_current_sign_count=0,
            )
        )
    )


Verified = TypeVar("Verified", VerifiedRegistration, VerifiedAuthentication)


def _by_its_user(found: Verified) -> Verified:
    if not found.user_verified:
        raise Refused("passkey.unverified")
    return found


def _or_refused(work: Callable[[], Done]) -> Done:
    try:
        return work()
    except _MALFORMED as error:
        _log.warning("passkey_refused", reason=type(error).__name__)
        raise Refused("passkey.refused") from error


def _bounded(credential: str) -> str:
    if len(credential) > LONGEST:
        raise ValueError("longer than any device's answer")
    return credential


def _descriptors(passkeys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=each.credential_id,
            transports=[AuthenticatorTransport(way) for way in each.transports],
        )
        for each in passkeys
    ]
