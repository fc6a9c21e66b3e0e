"""Medians of the rounds, the ratios, the table."""

from statistics import median

TITLES = {
    "hello": "a greeting",
    "read": "read a 1 KiB record",
    "create": "create a 1 KiB record, durable",
    "list": "list 50",
    "search": "exact search among {records}",
    "sign-in": "sign in",
}


def rows(runs):
    """One row for each subject, operation and number of connections.

    A ratio is the median of the rounds' own ratios: each round has its own hello, so that a slow minute slows both.
    """
    hello = {(run["round"], run["connections"]): run for run in runs if run["subject"] == "hello"}
    bare = {(run["round"], run["connections"]): run for run in runs if run["subject"] == "argon2"}
    keys = list(dict.fromkeys((run["subject"], run["operation"], run["connections"]) for run in runs))
    found = []
    for subject, operation, connections in keys:
        mine = [
            run
            for run in runs
            if (run["subject"], run["operation"], run["connections"]) == (subject, operation, connections)
        ]
        row = {"subject": subject, "operation": operation, "connections": connections, "rounds": len(mine)}
        for name in ("per_second", "p50", "p99", "server_cpu_us", "server_cpus"):
            known = [run[name] for run in mine if run.get(name) is not None]
            row[name] = median(known) if known else None
        row["errors"] = sum(run.get("errors", 0) for run in mine)
        row["of_hello"] = ratio(mine, hello)
        row["of_argon2"] = ratio(mine, bare) if operation == "sign-in" and subject != "argon2" else None
        found.append(row)
    return found


def ratio(mine, others):
    pairs = [(run, others.get((run["round"], run["connections"]))) for run in mine]
    known = [run["per_second"] / other["per_second"] for run, other in pairs if other and other["per_second"]]
    return median(known) if known else None


def markdown(result):
    """The table for the README, with the machine it ran on."""
    records = f"{result['records']:,}"
    lines = [
        "| server | operation | connections | a second | of hello | p50 ms | p99 ms | server µs |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in result["rows"]:
        if row["subject"] == "argon2":
            title = "Argon2id alone"
        else:
            title = TITLES.get(row["operation"], row["operation"]).format(records=records)
        if row["errors"]:
            title += f" (**{row['errors']} errors: not a result**)"
        share = "" if row["of_hello"] is None or row["subject"] == "argon2" else f"{row['of_hello']:.3f}"
        if row["of_argon2"] is not None:
            share = f"{row['of_argon2']:.2f} of Argon2id"
        lines.append(
            f"| {row['subject']} | {title} | {row['connections']} | {rate(row['per_second'])} | {share} "
            f"| {ms(row['p50'])} | {ms(row['p99'])} | {'' if row['server_cpu_us'] is None else round(row['server_cpu_us'])} |"
        )
    lines.append("")
    for name, load in result["loads"].items():
        lines.append(f"{name}: {load['records']:,} records loaded at {load['per_second']:,.0f} a second, {load['batch']} at a time.")
    machine = result["machine"]
    lines += [
        "",
        f"Rounds: {result['rounds']}, {result['seconds']} s a figure, each row the median; keep-alive HTTPS, TLS 1.3, loopback, wrk as the client. "
        "Client and server share the machine, so that rates are floors and the ratios count: each is taken within one round, to a "
        "greeting from the same build of actix-web and rustls. 'Server µs' is the server process's own processor time for a request "
        "(a database server's is not in it).",
        "",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB; {machine['system']}, Linux {machine['kernel']}, "
        f"{machine['file_system']}, 4 KiB on the disk in {machine['flush_4_kib_us']} µs; {machine['rustc']}; {machine['wrk']}"
        + (f"; {machine['postgres']}" if machine.get("postgres") else "")
        + f"; {result['build']} build of {machine['commit']}, {machine['date']}.",
    ]
    return "\n".join(lines) + "\n"


def rate(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def ms(value):
    return "" if value is None else f"{value / 1000:.2f}"
