import type { IssuedKey } from "../deploy/issued-key.ts";
import { type Block, fields, text } from "./blocks.ts";

/** A key that was just made, with its text: it is shown this once. */
export function issuedKeyBlocks({ id, name, role, expiresAt, key }: IssuedKey): Block[] {
  return [
    text(`A new key was made (${role}). It is shown this once, and kept nowhere:`),
    text(key),
    fields([
      ["id", id],
      ["name", name],
      ["expires", expiresAt ?? "never"],
    ]),
    text("Send it as `Authorization: Bearer KEY`.", "dim"),
  ];
}
