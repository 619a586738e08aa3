"""A simulated year: owners refuse, places move and pause, crews are late, two offices send files each month.

``python benchmarks/year.py PROJECT [--county NAME] [--seed N] [--refuse P] [--late F]``. PROJECT is a project
as ``siteplan demo`` writes it. Everything that happens is drawn with the seed and synthetic: it says what the
machinery makes of a year like this, nothing about real owners. Each month one office sends the ledger back,
the other the map's file; both go through the inbox, the schedule is counted and the plan made again.
"""

import argparse
import datetime as dt
import json
import random
import shutil
import tempfile
from pathlib import Path

import openpyxl
from pyproj import Geod

import siteplan
from siteplan.field.journal import JOURNAL, events_of, line_of
from siteplan.field.records import records_of
from siteplan.planning.schedule import STEPS
from siteplan.planning.workdays import WorkCalendar, month_ends
from siteplan.project.statuses import CHAIN, RETURNS_SCHEMA, SiteStatus
from siteplan.words.catalogue import translate

GEOD = Geod(ellps="WGS84")
ACCEPT = {"1": 0.95, "2": 0.75, "3": 0.65, "4": 0.8, "5": 0.7}
"""Share of owners who agree, by source type: the drawn world's own truth."""
PAUSED, MOVED = 0.06, 0.10
REASONS = ("怕辐射", "租金谈不拢", "楼顶已有光伏", "村民阻工")


class World:
    """What happens to each place from the day it is on a list: drawn once, whatever the plan does later."""

    def __init__(self, seed, config, refuse, late):
        self.seed, self.rules, self.refuse, self.late = seed, config.schedule, refuse, late
        self.calendar = WorkCalendar(dt.date(2015, 1, 1), dt.date(2030, 12, 31), "china")
        self.stories = {}

    def list_out(self, places, day):
        """Places that are new on a list begin their story."""
        for each, place in places.items():
            self.stories.setdefault(each, self._story(each, place, day))

    def _story(self, candidate_id, place, day):
        draw = random.Random(f"{self.seed} {candidate_id}")
        lead, at, steps = self.rules.lead_time(place.source_type), day, []
        accepts = draw.random() < 1.0 - (1.0 - ACCEPT[place.source_type]) * self.refuse
        pause = draw.choice(STEPS)[1] if draw.random() < PAUSED else None
        for step, status in STEPS:
            usual = getattr(lead, step)
            at = self.calendar.after(at, round(usual * draw.lognormvariate(0.0, 0.35) * self.late))
            if status == SiteStatus.AGREED and not accepts:
                steps.append((at, SiteStatus.REFUSED, draw.choice(REASONS), None))
                break
            if status == pause:
                steps.append((at, SiteStatus.PAUSED, "", None))
                at += dt.timedelta(days=draw.randint(20, 60))
            point = None
            if status == SiteStatus.SIGNED and place.source_type != "1" and draw.random() < MOVED:
                away = draw.uniform(0.2, 0.9) * place.search_radius_m
                lon, lat, _ = GEOD.fwd(*place.point, draw.uniform(0, 360), away)
                point = round(lon, 6), round(lat, 6)
            steps.append((at, status, "", point))
        return steps

    def news(self, candidate_id, since, day):
        """What happened to a place after one day up to another."""
        return [step for step in self.stories.get(candidate_id, ()) if since < step[0] <= day]

    def truth(self):
        """Whether each place that was on a list would be agreed to."""
        return {each: all(s[1] != SiteStatus.REFUSED for s in steps) for each, steps in self.stories.items()}


def ledger_file(path, target, news, who):
    """One office's answers written into the ledger that went out."""
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets[1:]:
        if sheet.sheet_state != "visible":
            continue
        at = {cell.value: cell.column for cell in sheet[4]}
        for line in range(5, sheet.max_row + 1):
            steps = news.get(sheet.cell(line, at["候选编号"]).value, [])
            if not steps:
                continue
            day, status, reason, _ = steps[-1]
            cells = {"状态": translate(f"status_{status}", "zh"), "原因": reason, "反馈人": who}
            cells |= {"反馈日期": day.isoformat(), "走访日期": day.isoformat(), "走访对象": "业主"}
            point = next((p for _, _, _, p in reversed(steps) if p), None)
            if point:
                cells |= {"实际经度": point[0], "实际纬度": point[1], "坐标系": "WGS84"}
            for name, value in cells.items():
                sheet.cell(line, at[name]).value = value or None
    book.save(target)


def map_file(target, run_id, news, who):
    """The other office's answers as the map page writes them: every event by itself."""
    rows = []
    for candidate_id, steps in sorted(news.items()):
        for day, status, reason, point in steps:
            row = {"candidate_id": candidate_id, "status": status.value, "reason": reason, "note": ""}
            row |= {"reported_by": who, "reported_at": f"{day}T09:00:00", "longitude": "", "latitude": ""}
            rows.append({**row, "datum": ""})
            if point:
                moved = {"status": "MOVED", "longitude": point[0], "latitude": point[1], "datum": "wgs84"}
                rows.append({**row, **moved})
    content = {"schema": RETURNS_SCHEMA, "run_id": run_id, "returns": rows}
    target.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


EXITED = (SiteStatus.REFUSED, SiteStatus.INFEASIBLE, SiteStatus.WITHDRAWN)


def missing(project, run, day):
    """Stations that can no longer be on air in time, and the schedule that says so."""
    schedule = project.progress(runs=[run], day=day).year.schedule
    listed = {place.county_id for place in siteplan.read_plan(run).record.published.places.values()}
    return sum(each.stations for each in schedule.shortfalls if each.county_id in listed), schedule


def files_of(project, folder, run, world, since, day, number):
    """What two offices send of a month: the ledger, the map's file, and that once more under another name."""
    record = siteplan.read_plan(run).record
    world.list_out(record.published.places, since)
    known = records_of(project.journal(), record.published.places)
    news = {
        each: world.news(each, since, day)
        for each in record.published.places
        if known[each].status not in (SiteStatus.ON_AIR, *EXITED)
    }
    news = {each: steps for each, steps in news.items() if steps}
    box = folder / "收件箱" / f"{number:02}"
    box.mkdir(parents=True)
    ledger = project.progress(runs=[run]).write_ledger(folder / "ledgers" / f"{number:02}")
    first = {each: steps for each, steps in news.items() if int(each[-1], 36) % 2}
    second = {each: steps for each, steps in news.items() if each not in first}
    ledger_file(ledger, box / "一组台账.xlsx", first, "一组王工")
    map_file(box / "二组回执.json", record.run_id, second, "二组李工")
    shutil.copy(box / "二组回执.json", box / "二组回执(1).json")
    return box


def month(project, folder, run, world, since, day, number):
    """One month: files, inbox, schedule, a new plan; gives back the run and what the month came to."""
    taken = project.inbox(files_of(project, folder, run, world, since, day, number))
    counts = taken.merge.counts
    short, schedule = missing(project, run, day)
    listed = {place.county_id for place in siteplan.read_plan(run).record.published.places.values()}
    result = {
        "month": f"{day:%Y-%m}",
        "built": sum(task.built for task in schedule.tasks if task.county_id in listed),
        "remaining": sum(task.remaining for task in schedule.tasks if task.county_id in listed),
        "short": short,
        "rows": sum(counts.get(each, 0) for each in ("accepted", "held", "rejected", "behind")),
        "held": counts.get("held", 0) + counts.get("rejected", 0),
        "lights": schedule.lights,
        "short_after": short,
        "changed": 0,
        "forecasts": {},
    }
    if result["remaining"] == 0 or day.month == 12:
        return run, result
    plan = project.replan(run)
    run = plan.write(folder / "runs" / f"m{number:02}")
    decided = {each for each, state in project.field_status().states.items()}
    chances = plan.record.acceptance.chances
    result |= {
        "short_after": missing(project, run, day)[0],
        "changed": plan.record.since.changed,
        "forecasts": {each: p for each, p in chances.items() if each not in decided},
    }
    return run, result


def forecasts_judged(results, world):
    """Mean squared error of what was forecast of places not yet heard of, beside that of the base rate."""
    truth = world.truth()
    pairs = [(p, truth[each]) for r in results for each, p in r["forecasts"].items() if each in truth]
    if not pairs:
        return "odds of agreement: off all year, too few decided places"
    agreed = sum(t for _, t in pairs) / len(pairs)
    brier = sum((p - t) ** 2 for p, t in pairs) / len(pairs)
    mean = sum(p for p, _ in pairs) / len(pairs)
    base = agreed * (1.0 - agreed)
    said = f"odds of agreement: {len(pairs)} forecasts, mean {mean:.2f}, came {agreed:.2f}"
    return f"{said}; Brier {brier:.3f}, base {base:.3f}"


def hindsight(project, folder, county, refused):
    """The plan a planner who knew every refusal beforehand would have made."""
    target = folder.parent / "hindsight"
    shutil.copytree(project.folder, target, ignore=shutil.ignore_patterns("收件箱", "ledgers", "runs"))
    known = siteplan.open_project(target)
    (target / JOURNAL).unlink(missing_ok=True)
    (target / JOURNAL).write_text("".join(line_of(each) + "\n" for each in refused), "utf-8")
    return known.plan(county=county)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("project", type=Path)
    parser.add_argument("--county")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--refuse", type=float, default=1.0, help="times as many refusals as drawn")
    parser.add_argument("--late", type=float, default=1.0, help="times the usual lead times")
    given = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="year-"))
    folder = root / "project"
    ignored = shutil.ignore_patterns("runs", JOURNAL, "returns", "progress", "inbox.jsonl")
    shutil.copytree(given.project, folder, ignore=ignored)
    project = siteplan.open_project(folder)
    year, start = project.config.project.year, project.config.project.reference_date
    first = project.plan(county=given.county)
    run = first.write(folder / "runs" / "m00")
    world = World(given.seed, project.config, given.refuse, given.late)
    ends = month_ends(start + dt.timedelta(days=1), dt.date(year, 12, 31))
    results, since = [], start
    for number, day in enumerate(ends, start=1):
        run, result = month(project, folder, run, world, since, day, number)
        results.append(result)
        since = day
        print({k: v for k, v in result.items() if k != "forecasts"}, flush=True)
    report(project, folder, given, first, results, world)
    shutil.rmtree(root)


HEADS = {"month": 8, "built": 6, "short": 6, "short_after": 12, "rows": 5, "held": 5, "changed": 8}


def report(project, folder, given, first, results, world):
    """The year's table and what hindsight makes of it."""
    print("\n" + "".join(f"{name:>{width}}" for name, width in HEADS.items()) + "  lights")
    for r in results:
        lights = " ".join(f"{k} {v}" for k, v in r["lights"].items())
        print("".join(f"{r[name]:>{width}}" for name, width in HEADS.items()) + f"  {lights}")
    events = project.journal()
    text = [line_of(each) for each in events]
    random.Random(0).shuffle(text)
    records = records_of(events)
    is_same = records_of(events_of([*text, *text])) == records
    print(f"events {len(events)}; in another order and twice the same records: {is_same}")
    stages = {status: sum(r.status == status for r in records.values()) for status in (*CHAIN, *EXITED)}
    print("sites:", ", ".join(f"{status} {count}" for status, count in stages.items() if count))
    quota, built = first.record.quota, results[-1]["built"]
    print(f"quota {quota}: " + ("met" if built >= quota else f"missed by {quota - built}"))
    for name in ("short", "short_after"):
        announced = next((n for n, r in enumerate(results) if r[name]), None)
        if announced is not None:
            print(f"{name}: first announced {len(results) - 1 - announced} months before the end")
    print(forecasts_judged(results, world))
    refused = [e for e in events if e.kind == "status" and e.after == "REFUSED"]
    last = project.plan(county=given.county, quota=quota)
    best = hindsight(project, folder, given.county, refused)
    before = first.record.population_covered_before
    planned = first.record.population_covered_after - before
    gained = last.record.population_covered_before - before
    known = best.record.population_covered_after - before
    print(f"people newly covered: planned {planned:,.0f}, on air {gained:,.0f}, hindsight {known:,.0f}")
    if known:
        print(f"on air / hindsight: {gained / known:.2f}")


if __name__ == "__main__":
    main()
