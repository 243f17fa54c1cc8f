"""What 1,000 orders cost, from the calls that were counted (counts.json). docs/operations.md holds the table; this fails
if that is far from it, and writes it anew with --write. (Calls differ a little from one count to the next: several
results may be handled in one pass.)

Usage: costs.py [--write]
"""

import json
import math
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/operations.md"
MARK = "<!-- costs: written by tests/deploy/costs.py -->\n"
ORDERS = 1000
SHAPE, SIZE = "layered", 100  # the counted job that stands for others: dependencies, and orders side by side

# List prices in US dollars, us-east-1, x86, standard tier. https://aws.amazon.com/<service>/pricing/
GB_SECOND, REQUEST = 0.0000166667, 0.0000002  # Lambda
BUILD_MINUTE = 0.005  # CodeBuild, general1.small
TRANSITION = 0.000025  # Step Functions, standard workflows
WRITE_UNIT, READ_UNIT = 0.000000625, 0.000000125  # DynamoDB, on demand
STORED_GB_MONTH, BACKED_UP_GB_MONTH = 0.25, 0.20  # DynamoDB: tables, point-in-time recovery
S3_WRITE, S3_READ = 0.000005, 0.0000004  # PUT, LIST; GET, HEAD
KMS_REQUEST = 0.000003

# Assumptions, per order.
MINUTES = 2  # that it runs; its watchdog looks once a minute, and once more
CHANGES = 4  # queued, dispatching, running, its end
ITEM_KB, EVENT_KB = 2, 1  # an order's record, an event; a transaction takes two write units for each KB
EVENT_MONTHS, RECORD_MONTHS = 3, 1  # how long they are kept
LOCK_KB = 0.4  # a run's lock item without the letter that it holds for each order
LARGE_RUNS = (100, 1000, 9999)
JOB_MINUTES = 20  # that a job runs, with a watchdog of its own
PRESIGNED = 2  # writes with a URL: the claim, the result
SIGNED_READS = 5  # reads with a URL: key file, dispatch file, bundle, code, and the look for a stop before the first command
STOP_LOOKS = 6  # looks for a request to stop, a minute
KMS_SHARE = 0.05  # of the writes and reads of keys that reach KMS, behind a bucket key
# Seconds and GB of a function for an order, or for a look.
WORK_GB, ORCHESTRATE, WEBHOOK, LOOK = 2, (0.5, 0.5), (0.1, 1), (0.1, 0.25)

NEAR = 0.1  # how far from the counted figures the table may be, as a part of them
CENT = 0.01

READS = {"s3:GetObject", "s3:HeadObject"}
WRITES = {"s3:PutObject", "s3:ListObjectsV2"}


def rows(counts):
    """(part, formula, US dollars for an order), in order."""
    def counted(*operations, roles=("webhook", "reader", "orchestrate", "work")):
        return sum(counts[role].get(operation, 0) for role in roles for operation in operations) / SIZE

    looks = MINUTES + 1
    single = counted("dynamodb:UpdateItem", "dynamodb:PutItem")
    units = CHANGES * (2 * ITEM_KB + 2 * EVENT_KB + EVENT_KB) + single
    gets = counted("dynamodb:GetItem", "dynamodb:BatchGetItem") + looks
    signed = SIGNED_READS + STOP_LOOKS * MINUTES
    puts, reads = counted(*WRITES) + PRESIGNED, counted(*READS) + looks + signed
    keys = 2 * KMS_SHARE  # its key file is written and read
    yield "Worker on Lambda, 2 GB", "60 s × t × 2 GB", 60 * MINUTES * WORK_GB * GB_SECOND + REQUEST
    yield "or on CodeBuild, small", "(t + 1) minutes: one to get a machine", (MINUTES + 1) * BUILD_MINUTE
    yield "Watchdog: Step Functions", f"2 + 3 (t + 1) = {2 + 3 * looks} transitions", (2 + 3 * looks) * TRANSITION
    yield "Watchdog: Lambda, 0.25 GB, 0.1 s a look", "t + 1 looks", looks * (LOOK[0] * LOOK[1] * GB_SECOND + REQUEST)
    job_looks = JOB_MINUTES + 1
    yield f"The job's watchdog, one for {SIZE} orders that take T = {JOB_MINUTES} minutes", f"2 + 3 (T + 1) = {2 + 3 * job_looks} transitions, T + 1 looks", (
        (2 + 3 * job_looks) * TRANSITION + job_looks * (LOOK[0] * LOOK[1] * GB_SECOND + REQUEST)) / SIZE
    yield "Orchestrate, 0.5 GB", f"{ORCHESTRATE[0]} s for a result", ORCHESTRATE[0] * ORCHESTRATE[1] * GB_SECOND + REQUEST
    yield "Webhook, 1 GB", f"{WEBHOOK[0]} s for an order", WEBHOOK[0] * WEBHOOK[1] * GB_SECOND
    yield "DynamoDB", f"{CHANGES} changes × (2 × {ITEM_KB} KB + 3 × {EVENT_KB} KB) + {single:.2f} single writes = {units:.1f} write units; {gets:.2f} reads", (
        units * WRITE_UNIT + gets * READ_UNIT)
    # An event is kept in its table and its index.
    event_months, record_months = CHANGES * EVENT_KB * 2 * EVENT_MONTHS, ITEM_KB * RECORD_MONTHS
    yield "DynamoDB: what is kept", f"events {CHANGES} × 2 × {EVENT_KB} KB × {EVENT_MONTHS} months, backed up; record {ITEM_KB} KB × {RECORD_MONTHS}", (
        (event_months * (STORED_GB_MONTH + BACKED_UP_GB_MONTH / 2) + record_months * STORED_GB_MONTH) / 1e6)
    yield "S3", f"{puts:.2f} writes, {reads:.2f} reads ({STOP_LOOKS} t of them look for a request to stop)", puts * S3_WRITE + reads * S3_READ
    yield "KMS: key files, by a bucket key", f"{keys:.2f} requests", keys * KMS_REQUEST


def table(counts):
    lines = [f"| Part | For an order | {ORDERS:,} orders, t = {MINUTES} |", "| --- | --- | --- |"]
    worker, engine = {}, 0.0
    for part, formula, dollars in rows(counts):
        lines.append(f"| {part} | {formula} | ${dollars * ORDERS:.3f} |")
        if part.startswith(("Worker", "or on")):
            worker[part] = dollars
        else:
            engine += dollars
    on_lambda, on_codebuild = worker.values()
    lines.append(f"| **Everything but the worker** | | **${engine * ORDERS:.2f}** |")
    lines.append(f"| **In all, on Lambda / on CodeBuild** | | **${(engine + on_lambda) * ORDERS:.2f} / ${(engine + on_codebuild) * ORDERS:.2f}** |")
    return "\n".join([*lines, "", *grown(counts)]) + "\n"


def grown(counts):
    """The lock item holds a letter for each order of its run, and a write is paid by the size of the item."""
    writes = (counts["orchestrate"]["dynamodb:UpdateItem"] + counts["webhook"]["dynamodb:PutItem"]) / SIZE
    yield f"A write to a run's lock item is paid by its size, {LOCK_KB} KB and a byte for each order. {writes:.2f} writes for an order, if all of them are to it, cost"
    for size in LARGE_RUNS:
        units = math.ceil(LOCK_KB + size / 1000)
        yield f"{units} write unit{'s' if units > 1 else ''} each in a run of {size:,} orders (${writes * units * WRITE_UNIT * ORDERS:.3f} for {ORDERS:,} orders)" + (
            "." if size == LARGE_RUNS[-1] else ",")


def dollars_of(text):
    return [float(figure) for figure in re.findall(r"\$([\d.]+)", text)]


def is_near(old, new):
    """Whether two tables say the same, in dollars."""
    was, now = dollars_of(old), dollars_of(new)
    return len(was) == len(now) > 0 and all(math.isclose(a, b, rel_tol=NEAR, abs_tol=CENT) for a, b in zip(was, now))


def main():
    counts = json.loads(pathlib.Path(__file__).with_name("counts.json").read_text())[SHAPE][str(SIZE)]
    before, old, after = DOCUMENT.read_text().split(MARK)
    new = table(counts)
    if "--write" in sys.argv[1:]:
        DOCUMENT.write_text(before + MARK + new + MARK + after)
    elif not is_near(old, new):
        sys.exit(f"docs/operations.md says:\n{old}\nfrom the counted calls it is:\n{new}\npython3 tests/deploy/costs.py --write puts it there")
    doubled = {role: {operation: 2 * count for operation, count in calls.items()} for role, calls in counts.items()}
    if is_near(new, table(doubled)):
        sys.exit("the test is blind: it did not notice twice as many calls")
    print(f"what {ORDERS:,} orders cost is what the counted calls say")


main()
