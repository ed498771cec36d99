// What can be done with rules between models.

import { edit, undoOrRedo } from "./project.js";
import { slide } from "./sliding.js";
import { newId } from "../model/edits.js";
import { positionAt } from "../model/rules.js";
import { changed, models, rules, state, tell } from "./state.js";

/** @import { Rule } from "../model/types.js" */

/** @param {number} id */
export function chooseRule(id) {
  Object.assign(state, { rule: id, inspected: "rule", unfolded: "rules" });
  changed("models", "features");
}

/** Makes a rule: the chosen model avoids another. */
export function createRule() {
  const all = models();
  if (all.length < 2) {
    tell("A rule is between two models: add another first");
    return;
  }
  const child = all.find(({ id }) => id === state.model) ?? all[0];
  const taken = new Set(rules().filter((rule) => rule.child === child.id).map(({ parent }) => parent));
  const others = all.filter(({ id }) => id !== child.id);
  const parent = others.find(({ id }) => !taken.has(id)) ?? others[0];
  const id = newId();
  edit([{ kind: "create-rule", id, manner: "avoid", child: child.id, parent: parent.id, radiusNanometer: 10, threshold: 0.5 }], `rule: ${child.title} avoids ${parent.title}`);
  chooseRule(id);
}

/** @param {Rule} rule @param {Record<string, unknown>} fields  `kind` is the kind of rule @param {boolean} [isMoving] */
export function changeRule(rule, fields, isMoving = false) {
  slide("rule", rule.id, fields, isMoving, ({ kind, ...all }) => edit([{ kind: "change-rule", rule: rule.id, ...(kind ? { manner: kind } : {}), ...all }], "change of a rule"));
  changed("models");
}

/** @param {Rule} rule @param {number} to  its place among all */
export function moveRule(rule, to) {
  const others = rules().filter(({ id }) => id !== rule.id);
  changeRule(rule, { position: positionAt(others, Math.min(others.length, Math.max(0, to))) });
}

/** @param {Rule} rule */
export function deleteRule(rule) {
  edit([{ kind: "delete-rule", rule: rule.id }], "removing a rule");
  if (state.rule === rule.id) Object.assign(state, { rule: null, inspected: "model" });
  tell("Removed the rule", { title: "Undo", run: () => undoOrRedo("undo") });
  changed("models");
}
