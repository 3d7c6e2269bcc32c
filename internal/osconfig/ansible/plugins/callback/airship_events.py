"""Writes what happens as one JSON object a line, for the program that runs ansible-playbook."""

from __future__ import annotations

DOCUMENTATION = """
    name: airship_events
    type: stdout
    short_description: one JSON object a line
    description:
        - Writes an object for each task, item and result, and one for the end.
        - Of a result it takes the message and the last lines of output, never the arguments,
          and of an item its label.
    author: Airship
    version_added: "2.19"
"""

import json

from ansible.plugins.callback import CallbackBase

TAIL_LINES = 20


def _tail(result):
    """The last lines that a command wrote, where there was one. Of a Python traceback the last alone."""
    text = str(result.get("module_stderr") or result.get("stderr") or result.get("stdout") or "").rstrip()
    if "Traceback (most recent call last)" in text:
        return text.splitlines()[-1]
    return "\n".join(text.splitlines()[-TAIL_LINES:])


class CallbackModule(CallbackBase):
    """The stdout callback; its events are described in events.go."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "airship_events"

    def _emit(self, event, **fields):
        self._display.display(json.dumps({"event": event, **fields}))

    def _emit_result(self, event, status, result):
        values = result.result
        fields = {}
        if status in ("failed", "unreachable"):
            fields = {"message": str(values.get("msg") or ""), "output": _tail(values)}
            fields["hidden"] = "censored" in values
            fields["problems"] = values.get("airship_problems") or []
            fields["place"] = result.task.get_path() or ""
        elif status == "ok" and result.is_changed():
            status = "changed"
        if status == "changed":
            fields["changes"] = values.get("airship_changed") or []
        # A censored item has lost its label; the item itself must not be shown.
        item = str(values.get("_ansible_item_label") or "")
        self._emit(event, task=result.task_name, item=item, status=status, **fields)

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._emit("task", task=task.name)

    def v2_playbook_on_handler_task_start(self, task):
        self._emit("task", task=task.name)

    def v2_runner_item_on_ok(self, result):
        self._emit_result("item", "ok", result)

    def v2_runner_item_on_failed(self, result):
        self._emit_result("item", "failed", result)

    def v2_runner_item_on_skipped(self, result):
        self._emit_result("item", "skipped", result)

    def v2_runner_on_ok(self, result):
        self._emit_result("result", "ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._emit_result("result", "ignored" if ignore_errors else "failed", result)

    def v2_runner_on_skipped(self, result):
        self._emit_result("result", "skipped", result)

    def v2_runner_on_unreachable(self, result):
        self._emit_result("result", "unreachable", result)

    def v2_playbook_on_no_hosts_matched(self):
        self._emit("nohosts")

    def v2_playbook_on_stats(self, stats):
        total = {"ok": 0, "changed": 0, "skipped": 0, "failed": 0}
        for host in stats.processed:
            summary = stats.summarize(host)
            total["ok"] += summary["ok"]
            total["changed"] += summary["changed"]
            total["skipped"] += summary["skipped"]
            total["failed"] += summary["failures"] + summary["unreachable"]
        self._emit("recap", **total)
