/** The ledger: rows of costs as files, each row once. */
package io.millrace.jobs.ledger;
