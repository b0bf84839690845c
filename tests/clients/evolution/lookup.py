"""Evolution's own lookup of an address's settings, without its window.

python3 lookup.py ADDRESS

Calls what the account assistant calls (e_mail_autoconfig_new_sync of src/mail/e-mail-autoconfig.c) in the
libraries that Debian installs, and prints the accounts that Evolution makes of the answer, as it would
keep them. It wants a session bus, on which evolution-data-server starts its list of accounts.
"""

import ctypes
import sys


class Error(ctypes.Structure):
    """GError."""

    _fields_ = [("domain", ctypes.c_uint32), ("code", ctypes.c_int), ("message", ctypes.c_char_p)]


def checked(made, error):
    if not made:
        sys.exit(error.contents.message.decode() if error else "it said nothing")
    return made


def function(library, name, result, *arguments):
    found = getattr(library, name)
    found.restype, found.argtypes = result, arguments
    return found


# Evolution's private libraries need each other, in this order.
for name in ["evolution-util", "evolution-shell", "email-engine", "evolution-mail"]:
    mail = ctypes.CDLL(f"/usr/lib/evolution/lib{name}.so.0", ctypes.RTLD_GLOBAL)
server = ctypes.CDLL("libedataserver-1.2.so.27")

text, thing, errors = ctypes.c_char_p, ctypes.c_void_p, ctypes.POINTER(ctypes.POINTER(Error))
new_registry = function(server, "e_source_registry_new_sync", thing, thing, errors)
new_source = function(server, "e_source_new", thing, text, thing, errors)
extension = function(server, "e_source_get_extension", thing, thing, text)
set_backend = function(server, "e_source_backend_set_backend_name", None, thing, text)
to_string = function(server, "e_source_to_string", text, thing, thing)
look_up = function(mail, "e_mail_autoconfig_new_sync", thing, thing, text, text, thing, errors)

server.e_source_camel_register_types()
error = ctypes.POINTER(Error)()
registry = checked(new_registry(None, ctypes.byref(error)), error)
found = checked(look_up(registry, sys.argv[1].encode(), None, None, ctypes.byref(error)), error)
for kind, backend, purpose in [
    ("imap", b"imapx", b"Mail Account"),
    ("pop3", b"pop", b"Mail Account"),
    ("smtp", b"smtp", b"Mail Transport"),
]:
    source = checked(new_source(None, None, ctypes.byref(error)), error)
    set_backend(extension(source, purpose), backend)
    fill = function(mail, f"e_mail_autoconfig_set_{kind}_details", ctypes.c_int, thing, thing)
    if fill(found, source):
        print(f"# {kind}\n{to_string(source, None).decode()}")
