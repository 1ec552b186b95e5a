import { readFileSync } from "node:fs";
import { arch } from "node:os";

/**
 * True on x86 processors that add products of bytes in 16 bits: see `weightLimits`.
 * @param architecture as Node names it
 * @param description as Linux has it in /proc/cpuinfo; other systems do not say
 */
export function saturates(
  architecture: string = arch(),
  description: string | null = processorDescription(),
): boolean {
  if (architecture !== "x64" || description === null) return false;
  return !/^flags\b.*\b(avx_vnni|avx512_vnni)\b/m.test(description);
}

function processorDescription(): string | null {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return null;
  }
}
