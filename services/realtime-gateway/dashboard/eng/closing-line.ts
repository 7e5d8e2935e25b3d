import { DefaultReporter, type TestModule } from "vitest/reporters";

/** Prints vitest's own report and then the counts in the form that the project's test command adds up. */
export default class ClosingLine extends DefaultReporter {
  override onTestRunEnd(...end: Parameters<DefaultReporter["onTestRunEnd"]>): void {
    super.onTestRunEnd(...end);
    const modules: readonly TestModule[] = end[0];
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      if (module.state() === "failed" && module.errors().length > 0) counts.failed++;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === "passed" || state === "failed") counts[state]++;
        else counts.skipped++;
      }
    }
    console.log(`# pass ${counts.passed}\n# fail ${counts.failed}\n# skipped ${counts.skipped}`);
  }
}
