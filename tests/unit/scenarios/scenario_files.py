"""Scenarios for tests."""

from pathlib import Path

CHECKOUT = Path(__file__).parents[3]
SHIPPED = sorted((CHECKOUT / "resources" / "scenarios").glob("*.yaml"))

# Everything that a scenario can say, once.
WHOLE = """\
name: All there is
description: Every kind of step, once
needs: [clock]
variables:
  cause: Production is down
  rounds: 2
pull_request: &change
  changes: feature_implementation
  complexity: low
  author: senior_developer
  files: 6
  lines_changed: 200
  language: python
  code_patterns: [service_layer, repository]
  test_coverage: 80
  code_style: 0.9
  missing_documentation: false
  security_issues: {sql_injection: high}
  repository: me/mine
  title: "feat: all there is"
  seed: 7
pull_requests:
  hotfix:
    <<: *change
    changes: hotfix
steps:
  - create
  - trigger: {step_by_step: true, as_role: qa_lead}
  - wait_for_step: dor_validation
  - wait_for_workflow: {state: COMPLETED, timeout: 30 seconds}
  - progress: ${cause}
  - fix
  - retry: {step: dor_validation, files_of: hotfix}
  - push_commit
  - override: {step: dor_validation, reason: "${cause}", checks: [tests_covered], emergency: true, valid_for: 1 day}
  - approve: Good
  - give_feedback: 4.5
  - acknowledge_escalation: L1_IMMEDIATE
  - resolve_escalation: {level: L3_STANDARD, comment: Done}
  - advance_clock: 4 hours
  - log: A sentence
  - step_passed: {step: dor_validation, checks: [tests_covered]}
  - step_failed: {step: dor_validation, reasons: [missing_tests]}
  - findings: {sql_injection: high}
  - workflow_meets: {max_duration: 4 hours, min_quality_score: 85, compliance: true}
  - escalation_exists: {level: L1_IMMEDIATE, count: 1}
  - components_agree: [orchestration, dashboard]
  - events_sequence: [workflow.started, decision.routed]
  - events_consistent
  - audit_contains: {action: gate.overridden, role: manager}
  - audit_intact
  - expect: {state: COMPLETED, dor_validation.reasons: [missing_tests], quality_score: 90}
  - inject: {service_killed: dashboard}
  - lift: {service_killed: dashboard}
  - inject: {service_stopped: {service: escalation}}
  - name: Side by side
    parallel:
      main:
        - trigger
      hotfix:
        - sequence:
            - trigger
  - repeat:
      times: ${rounds}
      counter: number
      steps:
        - log: Round ${number}
  - repeat:
      until: state is COMPLETED and run >= 1
      at_most: 3
      pull_request: hotfix
      steps: [progress: {pull_request: hotfix}]
  - when:
      if: environment can clock
      then: [advance_clock: 1 hour]
      else: [log: No clock here]
"""
