"""Gives a module many items at once, with each item's own mistakes."""

from __future__ import annotations

DOCUMENTATION = """
    action: airship_items
    short_description: runs a module on items of the profile's lists
    description:
        - Fills in each item's own expressions, so that one that refers to nothing is told with the item's
          field, all of them at once, and passes what is left to a module as its option entries.
        - Items of other run contexts than osconfig_run_contexts are left out.
    author: Airship
    version_added: "2.19"
    options:
        module:
            description: the module, which has the option entries
            type: str
            required: true
        entries:
            description: entries that come before the items
            type: list
            elements: dict
        items_of:
            description: >-
                Each has variable (the name of a list), field (the list's in the profile) and as (the name
                of a variable: the entry for one item, which is called item in it), and may have index (take the item of that number alone, common ones first).
            type: list
            elements: dict
        permissions:
            description: the name of a list whose items change the permissions of entries by name
            type: str
"""

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Runs on the machine that runs Ansible, and there fills in what the module gets."""

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        args = self._task.args
        entries, problems = list(args.get("entries") or []), []
        for source in args.get("items_of") or []:
            self._collect(source, task_vars, entries, problems)
        self._set_permissions(task_vars, entries)
        if problems:
            result.update(failed=True, msg="the profile has expressions that cannot be filled in", airship_problems=problems)
            return result
        if not entries:
            result.update(skipped=True)
            return result
        result.update(self._execute_module(module_name=args["module"], module_args={"entries": entries}, task_vars=task_vars))
        return result

    def _collect(self, source, task_vars, entries, problems):
        contexts = set(self._templar.template(task_vars["osconfig_run_contexts"]))
        items = list(enumerate(task_vars.get(source["variable"]) or []))
        # What is common comes before what is for one context.
        items.sort(key=lambda numbered: "common" not in (numbered[1].get("run_contexts") or ["common"]))
        for number, (index, item) in enumerate(items):
            if source.get("index") not in (None, number):
                continue
            field = f"{source['field']}[{index}]"
            filled, before = {}, len(problems)
            for name, value in item.items():
                try:
                    filled[name] = value if self._is_literal(item, name) else self._templar.template(value)
                except AnsibleError as error:
                    problems.append({"field": f"{field}.{name}", "problem": self._reason(error)})
            if len(problems) == before and contexts & set(filled.get("run_contexts") or ["common"]):
                entry = self._entry(task_vars, source["as"], filled)
                if entry.get("kind") != "none":
                    entries.append({"field": field, **entry})

    def _set_permissions(self, task_vars, entries):
        """Entries that the list named by permissions changes have what it says."""
        changed = {}
        for item in task_vars.get(self._task.args.get("permissions")) or []:
            try:
                item = self._templar.template(item)
            except AnsibleError:
                continue  # told by the task that sets them
            changed[item["name"]] = {"mode": item.get("permissions"), "owner": item.get("owner"), "group": item.get("group")}
        for entry in entries:
            if entry.get("kind") in ("file", "directory"):
                entry.update({name: value for name, value in changed.get(entry["path"], {}).items() if value})

    def _entry(self, task_vars, template, item):
        self._templar.available_variables = {**task_vars, "item": item}
        try:
            return self._templar.template(task_vars[template])
        finally:
            self._templar.available_variables = task_vars

    @staticmethod
    def _is_literal(item, name):
        return name == "file_content" and item.get("template") is False

    @staticmethod
    def _reason(error):
        """The last cause: what comes before tells where Ansible was in its own work."""
        while error.__cause__ is not None:
            error = error.__cause__
        return str(getattr(error, "message", None) or error).splitlines()[0]
