"""What was measured, as Markdown, and which goals it meets."""
import statistics

# figure -> heading, digits after the point
FIGURES = {"cpu_us": ("CPU us a call", 2), "check_us": ("CPU us a check", 2), "rate": ("calls/s", 0),
           "median_us": ("median us", 2), "p50_us": ("p50 us", 0), "p99_us": ("p99 us", 0), "p999_us": ("p99.9 us", 0),
           "tail_us": ("p99 us", 2), "speedup_cpu": ("two threads, times one, by CPU", 2),
           "speedup": ("and by the clock", 2), "memory_mib": ("own memory, MiB", 0)}
COMPARED = {"cpu_us": "of its floor", "p99_us": "least of the floor's least"}


def middle(part, row, figure):
    return statistics.median(part["rows"][row][figure])


def least(part, row, figure):
    return min(part["rows"][row][figure])


def ratio(part, row, figure):
    """Of the row that it is compared with; None where there is none. What disturbs a machine makes tails longer, and never
    shorter: they are compared in the round that was disturbed least."""
    floor, of = part["floors"].get(row), least if figure == "p99_us" else middle
    return of(part, row, figure) / of(part, floor, figure) if floor else None


def cell(values, digits):
    if len(values) == 1 or len(set(values)) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def table(part):
    figures = part["figures"]
    heads, lines = [part["what"]], []
    for figure in figures:
        heads.append(FIGURES[figure][0])
        heads += [COMPARED[figure]] if figure in COMPARED and part["floors"] else []
    for row in part["rows"]:
        cells = [row]
        for figure in figures:
            cells.append(cell(part["rows"][row][figure], FIGURES[figure][1]))
            if figure in COMPARED and part["floors"]:
                of_floor = ratio(part, row, figure)
                cells.append(f"{of_floor:.2f}" if of_floor else "1")
        lines.append(cells)
    rule = ["---"] * len(heads)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [heads, rule, *lines])


class AtLeast(float):
    """A limit from below; others are from above."""


def is_met(value, limit):
    return value >= limit if isinstance(limit, AtLeast) else value <= limit


def cpu_goals(parts):
    closed, small, large = parts["closed"], "1,000 keys", "10,000,000 keys"
    rows, floor = closed["rows"], middle(closed, "floor grpc", "cpu_us")
    for keys, most in ((small, 1.5), ("1,000,000 keys", 1.9)):
        if f"h2 {keys}" in rows:
            yield f"h2, {keys}: CPU of the bare nghttp2 server's", ratio(closed, f"h2 {keys}", "cpu_us"), most
            yield f"h2, {keys}: CPU of the bare c-core server's", middle(closed, f"h2 {keys}", "cpu_us") / floor, 1 / 3
    if f"h2 {small}" in rows and f"h2 {large}" in rows:
        for lane in ("h2", "grpc"):
            more = middle(closed, f"{lane} {large}", "cpu_us") / middle(closed, f"{lane} {small}", "cpu_us")
            yield f"{lane}: 10,000,000 keys of 1,000", more, 1.7
    for row in rows:
        if row.startswith("grpc"):
            yield f"{row}: CPU us over the bare c-core server", middle(closed, row, "cpu_us") - floor, 3


def tail_goals(parts):
    for name, text, most in (("half", "p99 at half of capacity, of the floor's", 1.5),
                             ("revocations", "p99, of that without them", 1.25)):
        for row in parts.get(name, {"floors": {}})["floors"]:
            if not row.startswith("floor"):
                yield f"{row}: {text}", ratio(parts[name], row, "p99_us"), most


def ext_authz_goals(parts):
    part = parts["ext_authz"]
    for row, floor in part["floors"].items():
        if row.startswith("h2"):
            yield f"ext_authz, {row}: CPU of the bare server's", ratio(part, row, "cpu_us"), 2.2
        else:
            more = middle(part, row, "cpu_us") - middle(part, floor, "cpu_us")
            yield f"ext_authz, {row}: CPU us over the bare server", more, 4


def library_goals(parts):
    part = parts["library"]
    most = {"1,000,000 keys": 2, "10,000,000 keys": 3, "10,000,000 owned keys": 4}
    for row in part["rows"]:
        if row in most:
            yield f"in-process, {row}: median us", middle(part, row, "median_us"), most[row]
            yield f"in-process, {row}: two threads, times one, by CPU", middle(part, row, "speedup_cpu"), AtLeast(1.7)
    for row in parts.get("batch", {"rows": {}})["rows"]:
        keys = row.split(" ", 1)[1]
        if keys in part["rows"]:
            more = middle(parts["batch"], row, "check_us") - middle(part, keys, "cpu_us")
            yield f"batch, {row}: CPU us a check over in-process", more, 0.5


def goals(parts):
    """(text, value, limit)"""
    for names, of in (({"closed"}, cpu_goals), ({"half", "revocations"}, tail_goals), ({"ext_authz"}, ext_authz_goals),
                      ({"library"}, library_goals)):
        if names & parts.keys():
            yield from of(parts)


def markdown(parts):
    text = ["# Benchmarks\n"]
    for part in parts.values():
        text.append(f"## {part['title']}\n\n{table(part)}\n\n{part['rounds']} rounds of {part['seconds']:g} s. "
                    f"{part['machine']}.\n")
    text += ["## Goals\n", "| | measured | goal | |", "| --- | --- | --- | --- |"]
    text += [f"| {what} | {value:.2f} | {'at least' if isinstance(limit, AtLeast) else 'at most'} {limit:.2f} | "
             f"{'met' if is_met(value, limit) else 'missed'} |" for what, value, limit in goals(parts)]
    return "\n".join(text) + "\n"
