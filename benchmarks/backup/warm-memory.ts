import { spawnSync } from "node:child_process";

/**
 * Touches memory and gives it back, in a process of its own. A virtual machine often has to ask its
 * host for each page that nothing has used for some seconds, for six times what the page costs
 * else: whoever runs next would pay for what those before left idle.
 */
export function warmMemory(bytes: number): void {
  const piece = 2 ** 28;
  const program = `const held = []; for (let left = ${bytes}; left > 0; left -= ${piece}) held.push(Buffer.alloc(${piece}, 1));`;
  spawnSync(process.execPath, ["-e", program]);
}
