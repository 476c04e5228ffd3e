"""Has Pangea's Python SDK and its tools, unmodified, verify what a ledger holds.

`search QUERY` prints the error of a search that verifies, and the verdicts on each record; `log KEYFILE
COUNT` those on signed events that the SDK logs itself; `offline FILE` what the offline verifier says of
each record of a saved search; `dump FILE` writes the whole ledger with the dump tool, and prints what
the deep verifier counts in the file. LEDGER_URL and LEDGER_TOKEN say which ledger.
"""

import contextlib
import json
import os
import sys
from datetime import datetime, timedelta, timezone

from pangea import deep_verify, dump_audit, verify_audit
from pangea.config import PangeaConfig
from pangea.services import Audit
from pangea.services.audit import audit as service

# The public web archive is asked for published roots before the ledger is: here it has none.
service.get_arweave_published_roots = lambda *_: {}
verify_audit.get_arweave_published_roots = lambda *_: {}


def client(**options):
    config = PangeaConfig(base_url_template=os.environ["LEDGER_URL"])
    return Audit(os.environ["LEDGER_TOKEN"], config=config, **options)


def search(query):
    found = client().search(query, limit=1000, max_results=1000, verify_consistency=True)
    return [
        {
            "message": record.envelope.event["message"],
            "published": record.published,
            "signature": record.signature_verification,
            "membership": record.membership_verification,
            "consistency": record.consistency_verification,
        }
        for record in found.result.events
    ]


def log(key_file, count):
    writer = client(private_key_file=key_file)
    events = [f"logged by Python {at}" for at in range(int(count))]
    logged = [writer.log(event, verify=True, sign_local=True).result for event in events]
    return [
        {
            "message": result.envelope.event["message"],
            "signature": result.signature_verification,
            "membership": result.membership_verification,
            "consistency": result.consistency_verification,
        }
        for result in logged
    ]


def offline(path):
    verify_audit.audit = client()
    with open(path, encoding="utf-8") as file:
        found = json.load(file)["result"]
    roots = {"root": found.get("root"), "unpublished_root": found.get("unpublished_root")}
    return [verify_audit.verify_single({**event, **roots}).value for event in found["events"]]


def dump(path):
    start, end = datetime(2020, 1, 1, tzinfo=timezone.utc), datetime.now(timezone.utc)
    with open(path, "w", encoding="utf-8") as file:
        dump_audit.dump_audit(client(), file, start, end + timedelta(days=1))
    with open(path, encoding="utf-8") as file:
        return deep_verify.deep_verify(client(), file)


commands = {"search": search, "log": log, "offline": offline, "dump": dump}
# The tools print as they go.
with contextlib.redirect_stdout(sys.stderr):
    answer = commands[sys.argv[1]](*sys.argv[2:])
print(json.dumps(answer))
