import { BaseSequencer, type TestSpecification } from "vitest/node";

/** From those that take longest to those that take least. */
const kinds = ["/test/e2e/", "/test/integration/", "/test/"];

/** In this order no slow file is begun last, to run alone while everything else is done. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const kindOf = ({ moduleId }: TestSpecification) =>
      kinds.findIndex((kind) => moduleId.includes(kind));
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => kindOf(one) - kindOf(other));
  }
}
