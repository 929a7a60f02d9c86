"""An independent judge of working time: walks day by day and window by window, as a clerk would.

Reads one JSON object with the calendar documents, then questions with the answers to be judged, one a line:
calendar, question, time, argument, answer. Times are milliseconds since 1970. Prints what differs.
"""

import datetime
import json
import sys

OFFSET = 8 * 3600 * 1000
DAY = 24 * 3600 * 1000
EPOCH = datetime.date(1970, 1, 1)
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def minutes(text):
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)


class Calendar:
    def __init__(self, documents):
        self.week, self.seasons, self.special, self.day_end = WEEK[:5], [{"windows": ["00:00-24:00"]}], {}, "lastWindow"
        for document in documents:
            self.week = document.get("week", self.week)
            self.seasons = document.get("hours", self.seasons)
            self.day_end = document.get("dayEnd", self.day_end)
            lists = [document] + [h for y in document.get("years", {}).values() for h in y["holidays"]]
            for source in lists:
                for kind in ("daysOff", "makeUp"):
                    for day in source.get(kind, []):
                        day = day["date"] if isinstance(day, dict) else day
                        self.special[day] = kind
            for exception in document.get("exceptions", []):
                self.special[exception["date"]] = exception["windows"]
        self.cache = {}

    def windows(self, number):
        """Windows of a day, in milliseconds since 1970, in order."""
        if number not in self.cache:
            date = EPOCH + datetime.timedelta(days=number)
            special = self.special.get(date.isoformat())
            if isinstance(special, list):
                texts = special
            elif special == "daysOff" or (special is None and WEEK[date.weekday()] not in self.week):
                texts = []
            else:
                texts = next(s["windows"] for s in self.seasons if self.within(s, date.isoformat()[5:]))
            found = []
            for text in texts:
                start, end = (minutes(part) for part in text.split("-"))
                end += 24 * 60 if end < start else 0
                midnight = number * DAY - OFFSET
                found.append((midnight + start * 60000, midnight + end * 60000))
            self.cache[number] = sorted(found)
        return self.cache[number]

    @staticmethod
    def within(season, day):
        start, end = season.get("from", "01-01"), season.get("to", "12-31")
        return start <= day <= end if start <= end else day >= start or day <= end

    def works(self, number):
        return bool(self.windows(number))

    def end(self, number):
        if self.works(number) and self.day_end == "lastWindow":
            return self.windows(number)[-1][1]
        return (number + 1) * DAY - OFFSET

    def spans(self, at):
        """All windows that end after a time, in order of time. A window of yesterday may still be open."""
        number = (at + OFFSET) // DAY - 1
        while True:
            for start, end in self.windows(number):
                if end > at:
                    yield max(start, at), end
            number += 1

    def add(self, at, left):
        if left == 0:
            return at
        for start, end in self.ordered(at):
            if left <= end - start:
                return start + left
            left -= end - start

    def ordered(self, at):
        """The same, where the end of a night comes before the next morning."""
        held = []
        for span in self.spans(at):
            held = sorted(held + [span])
            while len(held) > 4:
                yield held.pop(0)

    def elapsed(self, start, end):
        if end < start:
            return -self.elapsed(end, start)
        passed = 0
        for begin, stop in self.ordered(start):
            if begin >= end:
                return passed
            passed += min(stop, end) - begin

    def days(self, at, count):
        number = (at + OFFSET) // DAY
        while count > 0:
            number += 1
            count -= self.works(number)
        return self.end(number)

    def rolled(self, at, count):
        number = (at + OFFSET) // DAY + count
        while not self.works(number):
            number += 1
        return self.end(number)

    def next(self, at):
        return next(self.ordered(at))[0]


def main():
    lines = sys.stdin.buffer
    documents = json.loads(lines.readline())
    calendars = {name: Calendar(stack) for name, stack in documents.items()}
    judged = wrong = 0
    for line in lines:
        name, question, at, argument, answer = line.decode().split()
        at, argument, answer = int(at), int(argument), int(answer)
        calendar = calendars[name]
        mine = {
            "hours": lambda: calendar.add(at, argument),
            "elapsed": lambda: calendar.elapsed(at, argument),
            "days": lambda: calendar.days(at, argument),
            "rolled": lambda: calendar.rolled(at, argument),
            "next": lambda: calendar.next(at),
        }[question]()
        judged += 1
        if mine != answer:
            wrong += 1
            if wrong <= 20:
                print(f"{line.decode().strip()} should be {mine}")
    print(f"judged {judged} wrong {wrong}")
    return 1 if wrong else 0


sys.exit(main())
