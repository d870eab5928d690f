"""coverage_table.py GCOVR.json RESULT.json [--files] [--minimum PERCENT]: the table of tools/coverage, from gcovr's summary of
each file. Exit code 1 when fewer lines than PERCENT were reached."""
import argparse
import collections
import json
import os
import sys

COUNTS = ("line_total", "line_covered", "branch_total", "branch_covered")


def share(covered, total):
    """In per cent; what has nothing to reach is reached."""
    return 100.0 * covered / total if total else 100.0


def row(counts):
    return {"lines": counts["line_total"], "lines_reached": counts["line_covered"],
            "lines_percent": round(share(counts["line_covered"], counts["line_total"]), 1),
            "branches": counts["branch_total"], "branches_reached": counts["branch_covered"],
            "branches_percent": round(share(counts["branch_covered"], counts["branch_total"]), 1)}


def collect(summary):
    """{"total": row, "folders": {name: row}, "files": {name: row}} of gcovr's summary."""
    folders, total = collections.defaultdict(collections.Counter), collections.Counter()
    for file in summary["files"]:
        counts = {name: file[name] for name in COUNTS}
        folders[os.path.dirname(file["filename"])].update(counts)
        total.update(counts)
    return {"total": row(total), "folders": {name: row(folders[name]) for name in sorted(folders)},
            "files": {file["filename"]: row(file) for file in sorted(summary["files"], key=lambda file: file["filename"])}}


def print_rows(rows):
    for name, counts in rows.items():
        print(f"{name:<44}{counts['lines']:>8}{counts['lines_percent']:>8.1f} %"
              f"{counts['branches']:>10}{counts['branches_percent']:>8.1f} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("summary")
    parser.add_argument("result")
    parser.add_argument("--files", action="store_true")
    parser.add_argument("--minimum", type=float, default=0)
    options = parser.parse_args()
    with open(options.summary, encoding="utf-8") as file:
        result = collect(json.load(file))
    with open(options.result, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    print(f"{'folder':<44}{'lines':>8}{'reached':>10}{'branches':>10}{'reached':>10}")
    print_rows(result["folders"])
    if options.files:
        print()
        print_rows(result["files"])
    print()
    print_rows({"all": result["total"]})
    if result["total"]["lines_percent"] < options.minimum:
        print(f"fewer than {options.minimum:g} % of the lines were reached", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
