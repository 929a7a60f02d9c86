Feature: Wait
  How long a workflow waits, and in which ways that may be said.

  Scenario Outline: A duration may be written as <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: wait-durations, version: '1.0.0' }
    do:
      - pause: { wait: <duration> }
    """
    And given the workflow input is:
    """yaml
    { iso: PT90S, n: 5 }
    """
    When the workflow is executed
    Then the workflow should complete
    And the workflow should have taken <taken>

    Examples:
      | what                          | duration                                                    | taken     |
      | seconds                       | { seconds: 5 }                                              | PT5S      |
      | milliseconds                  | { milliseconds: 1500 }                                      | PT1.5S    |
      | minutes                       | { minutes: 2 }                                              | PT120S    |
      | hours                         | { hours: 1 }                                                | PT60M     |
      | days of 24 hours              | { days: 1 }                                                 | PT24H     |
      | a sum of them                 | { days: 1, hours: 2, minutes: 3, seconds: 4, milliseconds: 5 } | P1DT2H3M4.005S |
      | ISO 8601                      | PT1H30M                                                     | PT90M     |
      | ISO 8601 with days            | P2DT1H                                                      | PT49H     |
      | ISO 8601 with weeks           | P1W                                                         | P7D       |
      | ISO 8601 with a fraction      | PT0.25S                                                     | PT0.25S   |
      | an expression                 | '${ .iso }'                                                 | PT90S     |
      | a composed expression         | '${ "PT\\(.n)M" }'                                           | PT5M      |
      | nothing at all                | PT0S                                                        | PT0S      |

  Scenario: A wait gives its input on
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: wait-output, version: '1.0.0' }
    do:
      - pause: { wait: PT5S }
    """
    And given the workflow input is:
    """yaml
    a: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    a: 1
    """

  Scenario: A workflow is waiting until the time has come, not a moment less
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: wait-exact, version: '1.0.0' }
    do:
      - pause: { wait: PT10S }
    """
    When the workflow is started
    And PT9.999S passes
    Then the workflow should be waiting
    When PT0.001S passes
    Then the workflow should complete

  Scenario: A wait that ended while the runtime was down ends when it is back
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: wait-down, version: '1.0.0' }
    do:
      - pause: { wait: PT10S }
      - next: { set: { a: 1 } }
    """
    When the workflow is started
    And the runtime is down for PT1H
    Then the workflow should complete with output:
    """yaml
    a: 1
    """
    And next should have begun after PT1H

  Scenario Outline: A computed duration that is none is an expression error: <value>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: wait-wrong, version: '1.0.0' }
    do:
      - pause: { wait: '${ .d }' }
    """
    And given the workflow input is:
    """yaml
    d: <value>
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://open-workflow-specification.org/spec/1.0.0/errors/expression
    instance: /do/0/pause
    """

    Examples:
      | value       |
      | tomorrow    |
      | null        |
      | P1Y         |
      | -PT5S       |

  Scenario Outline: A duration that is none is refused: <duration>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: wait-refused, version: '1.0.0' }
    do:
      - pause: { wait: <duration> }
    """
    Then the workflow should be refused

    Examples:
      | duration          |
      | tomorrow          |
      | {}                |
      | { second: 5 }     |
      | { seconds: -5 }   |
      | P1M               |
      | PT                |
