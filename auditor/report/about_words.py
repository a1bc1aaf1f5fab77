"""The words of the sheet About, for somebody who knows coding and not computers."""

from __future__ import annotations

from auditor.report.words import MONEY_MEANING

READING = {
    "certain": "The published table or definition alone proves it. Correct the claim, or be ready"
    " to show why the table does not apply.",
    "review": "It depends on the record, on payer policy or on data that is not on the claim. Look"
    " at the record before anything is changed: a finding here may well be none.",
    "info": "A ledger entry, nothing to correct: for example a pair of codes that a modifier kept"
    " apart. A sample of them is worth reading now and then.",
    "Not judged": "A line that a rule could not judge is neither clean nor flagged by it. Coverage"
    " says for each rule how many lines that are, and why. No finding is not the same as clean.",
    "Amounts": MONEY_MEANING,
    "Witness": "Every finding names the table, its release, the row with its dates, and the manual"
    " section that decided it, so that it can be defended or refuted.",
    "What this is not": "Decision support. It is no payment decision, no legal advice and no"
    " statement about anybody's intent. Codes are CPT and HCPCS; their descriptors belong to"
    " their owners and are not shown.",
}
STEPS = {
    "1. Where to begin": "On the sheet Worklist, from the top: the claims stand in the order in"
    " which they should be taken. Its links lead to the claim's lines and to its findings.",
    "2. Answer": "On the sheet Findings, in the row of the finding: choose a Disposition, enter"
    " your name in Reviewer and, where it helps, a Reason. Decided on may stay blank.",
    "3. Hand it back": "Save the workbook under any name and give it to whoever runs the audit:"
    " auditor review import WORKBOOK. You may sort, filter and hide; keep Finding id and Check in"
    " their rows.",
    "4. The next report": "A finding that was decided leaves the Worklist and is marked in the"
    " column Decided before. It comes back when the facts of its line change or another rule is"
    " found on it, when Valid until has passed, when it was corrected a month ago and is still"
    " there, or when two reviewers disagree.",
}
ANSWERS = {
    "agree": "The finding is right.",
    "disagree": "The finding is wrong here; the Reason helps whoever keeps the rules.",
    "needs records": "Nothing is decided yet; the finding stays on the Worklist.",
    "corrected": "The claim was corrected or billed again.",
    "accepted risk": "It is right and is left as it is; needs a Reason and a date in Valid until.",
}
SHEETS_TOLD = {
    "Summary": "The run on one page: what needs action, what it may cost, what was not judged.",
    "Worklist": "Claims in the order in which to take them, with their reasons in a sentence.",
    "Findings": "One row a finding, with its witness and room for your answer.",
    "Claim lines": "All lines of each flagged claim or day side by side, the flagged ones marked.",
    "Bypass ledger": "Pairs of codes that a modifier kept apart: which, by whom, how often.",
    "Bypass pairs": "The same by practitioner and pair: what separated it, and an example claim.",
    "Practitioners": "Lines, findings and error rates by rendering practitioner.",
    "Decisions": "What reviewers decided before, and what it means for this run.",
    "Still open": "Findings of earlier nights that nothing cleared; where each is told in full.",
    "Closed": "Findings of earlier nights that came to an end tonight, and why.",
    "Input": "How the files were read: rejected rows with reasons, values changed, columns used.",
    "Coverage": "What each rule judged, and what it could not judge and why.",
    "Tables": "What each reference table judged, and the codes it does not know.",
    "Rules": "What each rule flags, why, what to do, and its citation.",
    "About": "This sheet.",
}
