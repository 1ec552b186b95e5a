import type { Connection } from "../ssh/connection.ts";
import { quoted } from "./host-facts.ts";

/**
 * Removes what was sent to a host before and is no longer needed there: of studio the versions beyond
 * the latest five, of what it depends on all but the latest two (versions are links into them), of
 * Node.js all but the one that is used now, and what was left of transfers that broke off. What runs,
 * or what systemd or cron starts, stays.
 * @param node the program that runs studio there from now on
 */
export async function removeOld(connection: Connection, home: string, node: string): Promise<void> {
  const units = `"$HOME"/.config/systemd/user/studio-*.service /etc/systemd/system/studio-*.service`;
  const script = [
    `cd ${quoted(`${home}/.studio`)} || exit 0`,
    // The program of a process by its file, where the system shows that: it may call itself otherwise.
    `used=$(cat ${units} 2>/dev/null; crontab -l 2>/dev/null; ps -eo args= 2>/dev/null; ls -l /proc/[0-9]*/exe 2>/dev/null; echo ${quoted(node)})`,
    `remove() { case "$used" in *"/$1/"*) ;; *) rm -rf "$1";; esac; }`,
    // The number at the end is that of the process that unpacks.
    `for part in versions/*.part.* dependencies/*.part.* node/*.part.*; do if [ -d "$part" ] && ! kill -0 "\${part##*.}" 2>/dev/null; then rm -rf "$part"; fi; done`,
    `for name in $(ls -1t versions | grep -vF .part. | tail -n +6); do remove "versions/$name"; done`,
    `for name in $(ls -1t dependencies | grep -vF .part. | tail -n +3); do rm -rf "dependencies/$name"; done`,
    `for name in $(ls -1 node 2>/dev/null | grep -vF .part.); do remove "node/$name"; done`,
    `exit 0`,
  ].join("; ");
  await connection.run(`sh -c ${quoted(script)}`);
}
