import { ok } from "node:assert/strict";
import { COMMANDS, MOUSE, written } from "../../../Sources/AisServer/Resources/Web/model/bindings.js";

const page = new URL("../../../docs/reference/page.md", import.meta.url);

Deno.test({ name: "the reference lists every command with its keys", permissions: { read: true }, async fn() {
  const text = await Deno.readTextFile(page);
  for (const { name, keys } of COMMANDS) {
    const row = `| ${name} | ${keys.map((key) => `\`${written(key)}\``).join(" or ")} |`;
    ok(text.includes(row), `docs/reference/page.md has no row ${row}`);
  }
  for (const { input, action } of MOUSE) ok(text.includes(`| ${input} | ${action} |`), `${input} is not in docs/reference/page.md`);
} });
