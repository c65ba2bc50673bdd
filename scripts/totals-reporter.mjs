import { writeFileSync } from 'node:fs';

/** Writes the totals of a run for scripts/test.mjs. Jest wants a default export. A test file that could not be loaded counts as one failure. */
export default class TotalsReporter {
  onRunComplete(_contexts, results) {
    const totals = {
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
    writeFileSync(process.env.MINGDAN_TEST_TOTALS, JSON.stringify(totals));
  }
}
