/// The files of a record as JSON Schema (draft-07), for who reads them without Assay.
///
/// Each file has its definition: `event` is a line of events.jsonl. What only an engine knows
/// (`detail`, `workload`) is an open object; everything else names every key that there is.
public enum RecordSchema {
  /// The schema as text: one document, a definition a file.
  public static let text = """
    {
      "$schema": "http://json-schema.org/draft-07/schema#",
      "title": "Assay record",
      "description": "event: a line of events.jsonl; plan, summary, environment, manifest: the \
    file of that name; histograms: histograms/<trial>.json",
      "anyOf": [
        {"$ref": "#/definitions/event"}, {"$ref": "#/definitions/plan"},
        {"$ref": "#/definitions/summary"}, {"$ref": "#/definitions/environment"},
        {"$ref": "#/definitions/manifest"}, {"$ref": "#/definitions/histograms"}
      ],
      "definitions": {
    \(([parts, events, files].joined(separator: ",\n")).indented)
      }
    }

    """

  /// Objects that several files share.
  private static let parts = """
    "count": {"type": "integer", "minimum": 0},
    "fraction": {"type": "number", "minimum": 0, "maximum": 1},
    "moment": {
      "description": "UTC", "type": "string",
      "pattern": "^(|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\\\\.[0-9]+)?Z)$"
    },
    "unit": {"enum": ["1/s", "B/s", "ns", "%", "1"]},
    "disclosure": {"type": "object", "additionalProperties": {"type": "string"}},
    "case": {
      "type": "object", "additionalProperties": false,
      "required": ["system", "workload", "point"],
      "properties": {
        "system": {"type": "string"}, "workload": {"type": "string"},
        "point": {"type": "array", "items": {"type": "string", "pattern": "="}}
      }
    },
    "run": {
      "type": "object", "additionalProperties": false,
      "required": ["format", "id", "name", "about", "startedAt", "version", "seed", "evidence"],
      "properties": {
        "format": {"const": "assay-record-1"},
        "id": {"type": "string"}, "name": {"type": "string"}, "about": {"type": "string"},
        "startedAt": {"$ref": "#/definitions/moment"}, "version": {"type": "string"},
        "seed": {"$ref": "#/definitions/count"}, "notHardware": {"type": "string"},
        "evidence": {"enum": ["measured", "imported", "published", "simulated"]}
      }
    },
    "finding": {
      "type": "object", "additionalProperties": false,
      "required": ["code", "severity", "message"],
      "properties": {
        "code": {"type": "string"}, "message": {"type": "string"},
        "severity": {"enum": ["note", "warning", "error"]}
      }
    },
    "metric": {
      "type": "object", "additionalProperties": false, "required": ["value", "unit"],
      "properties": {
        "value": {"type": "number"}, "unit": {"$ref": "#/definitions/unit"},
        "bound": {"enum": ["at-least", "at-most"]}
      }
    },
    "distribution": {
      "type": "object", "additionalProperties": false,
      "required": ["buckets", "count", "sum", "sumOfSquares", "minimum", "maximum"],
      "properties": {
        "buckets": {
          "description": "index and count of each bucket that is not empty, by rising index",
          "type": "array",
          "items": {
            "type": "array", "minItems": 2, "maxItems": 2,
            "items": [{"type": "integer", "minimum": 0, "maximum": 2623}, {
              "type": "integer", "minimum": 1
            }]
          }
        },
        "count": {"$ref": "#/definitions/count"}, "sum": {"$ref": "#/definitions/count"},
        "sumOfSquares": {"type": "number", "minimum": 0},
        "minimum": {"$ref": "#/definitions/count"}, "maximum": {"$ref": "#/definitions/count"}
      }
    }
    """

  private static let events = """
    "trial": {
      "type": "object", "additionalProperties": false,
      "required": [
        "id", "key", "block", "status", "findings", "metrics", "disclosure", "startedAt", "tookNs",
        "detail"
      ],
      "properties": {
        "id": {"type": "string"}, "key": {"$ref": "#/definitions/case"},
        "block": {"$ref": "#/definitions/count"},
        "status": {"enum": ["valid", "invalid", "failed"]},
        "findings": {"type": "array", "items": {"$ref": "#/definitions/finding"}},
        "metrics": {
          "type": "object", "additionalProperties": {"$ref": "#/definitions/metric"}
        },
        "disclosure": {"$ref": "#/definitions/disclosure"},
        "startedAt": {"$ref": "#/definitions/moment"}, "tookNs": {"$ref": "#/definitions/count"},
        "histograms": {"type": "string", "pattern": "^histograms/"},
        "series": {"type": "string", "pattern": "^series/"},
        "detail": {"type": ["object", "null"]}
      }
    },
    "event": {
      "type": "object", "additionalProperties": false, "required": ["sequence", "at", "event"],
      "properties": {
        "sequence": {"type": "integer", "minimum": 1}, "at": {"$ref": "#/definitions/moment"},
        "event": {
          "enum": [
            "run-started", "run-resumed", "trial-started", "trial-finished", "finding",
            "changing", "restored", "look", "run-finished"
          ]
        },
        "run": {"$ref": "#/definitions/run"}, "trialID": {"type": "string"},
        "trial": {"$ref": "#/definitions/trial"}, "finding": {"$ref": "#/definitions/finding"},
        "change": {"type": "string"}, "look": {"type": "object"}
      },
      "allOf": [
        \(requires("run-started", "run")),
        \(requires("trial-started", "trialID")),
        \(requires("trial-finished", "trial")),
        \(requires("finding", "finding")),
        \(requires("changing", "change")),
        \(requires("restored", "change")),
        \(requires("look", "look"))
      ]
    }
    """

  /// An event of one kind must carry its payload.
  private static func requires(_ event: String, _ payload: String) -> String {
    """
    {"if": {"properties": {"event": {"const": "\(event)"}}}, "then": {"required": ["\(payload)"]}}
    """
  }

  private static let files = """
    "plan": {
      "type": "object",
      "anyOf": [{"description": "not of Assay's planning", "maxProperties": 0}, {
        "additionalProperties": false,
        "required": ["format", "name", "about", "seed", "design", "limits", "trials"],
        "properties": {
          "format": {"const": "assay-plan-2"},
          "name": {"type": "string"}, "about": {"type": "string"},
          "only": {"type": "array", "items": {"type": "object"}},
          "seed": {"$ref": "#/definitions/count"},
          "design": {
            "type": "object", "additionalProperties": false,
            "required": ["order", "blocks", "confidence"],
            "properties": {
              "order": {"enum": ["abba", "sequential", "random"]},
              "blocks": {"$ref": "#/definitions/count"},
              "confidence": {"$ref": "#/definitions/fraction"}
            }
          },
          "looks": {"type": "object"},
          "limits": {
            "type": "array",
            "items": {
              "type": "object",
              "required": ["text", "metric", "comparison", "bound", "conditions", "severity"],
              "properties": {
                "text": {"type": "string"}, "metric": {"type": "string"},
                "comparison": {"enum": [">=", "<=", ">", "<", "="]}
              }
            }
          },
          "trials": {
            "type": "array",
            "items": {
              "type": "object",
              "required": ["id", "key", "block", "kind", "work", "seed", "estimate"],
              "properties": {
                "id": {"type": "string"}, "key": {"$ref": "#/definitions/case"},
                "block": {"$ref": "#/definitions/count"},
                "kind": {"enum": ["measure", "find-maximum"]}, "maximumFrom": {"type": "string"},
                "work": {"type": "object", "minProperties": 1, "maxProperties": 1},
                "seed": {"$ref": "#/definitions/count"}, "estimate": {"type": "object"}
              }
            }
          }
        }
      }]
    },
    "summary": {
      "type": "object", "additionalProperties": false,
      "required": ["format", "run", "complete", "cases"],
      "properties": {
        "format": {"const": "assay-summary-1"}, "run": {"$ref": "#/definitions/run"},
        "complete": {"type": "boolean"},
        "cases": {
          "type": "array",
          "items": {
            "type": "object", "additionalProperties": false,
            "required": ["key", "trials", "excluded", "metrics", "disclosure"],
            "properties": {
              "key": {"$ref": "#/definitions/case"},
              "trials": {"type": "array", "items": {"type": "string"}},
              "excluded": {"type": "array", "items": {"type": "string"}},
              "metrics": {
                "type": "object",
                "additionalProperties": {
                  "type": "object", "additionalProperties": false,
                  "required": ["unit", "values", "median"],
                  "properties": {
                    "unit": {"$ref": "#/definitions/unit"}, "median": {"type": "number"},
                    "values": {"type": "array", "items": {"type": ["number", "null"]}}
                  }
                }
              },
              "disclosure": {"$ref": "#/definitions/disclosure"}
            }
          }
        }
      }
    },
    "facts": {
      "type": "object", "additionalProperties": false, "required": ["facts"],
      "properties": {
        "facts": {
          "type": "array",
          "items": {
            "type": "object", "additionalProperties": false,
            "required": ["key", "value", "class"],
            "properties": {
              "key": {"type": "string"}, "value": {"type": "string"},
              "class": {"enum": ["identity", "mustMatch", "shouldMatch", "informational"]}
            }
          }
        }
      }
    },
    "environment": {
      "type": "object", "additionalProperties": false, "required": ["before"],
      "properties": {
        "before": {"$ref": "#/definitions/facts"}, "after": {"$ref": "#/definitions/facts"},
        "readiness": {
          "type": "object", "additionalProperties": false,
          "required": ["checks", "devices", "sources"],
          "properties": {
            "checks": {"type": "array", "items": {"$ref": "#/definitions/readinessCheck"}},
            "devices": {"type": "array", "items": {"$ref": "#/definitions/pciDevice"}},
            "sources": {"type": "object", "additionalProperties": {"type": "string"}}
          }
        },
        "devices": {
          "type": "array",
          "items": {
            "type": "object", "additionalProperties": false,
            "required": ["system", "path", "identity"],
            "properties": {
              "system": {"type": "string"}, "path": {"type": "string"},
              "identity": {"type": "object"}, "namespace": {"type": "object"},
              "fabrics": {"type": "object"}, "virtualFunction": {"type": "object"},
              "before": {"type": "object"},
              "after": {"type": "object"}, "change": {"type": "object"}
            }
          }
        }
      }
    },
    "readinessCheck": {
      "type": "object", "additionalProperties": false,
      "required": ["id", "area", "state", "found", "why"],
      "properties": {
        "id": {"type": "string"}, "subject": {"type": "string"},
        "area": {
          "enum": [
            "cpu", "noise", "clock", "memory", "sysctl", "storage", "process", "platform", "pci"
          ]
        },
        "state": {"enum": ["not-applicable", "ok", "unknown", "advice", "warning"]},
        "found": {"type": "string"}, "why": {"type": "string"}, "remedy": {"type": "string"}
      }
    },
    "pciDevice": {
      "type": "object", "additionalProperties": false,
      "required": ["address", "identifier", "classCode"],
      "properties": {
        "address": {"type": "string"}, "identifier": {"type": "string"},
        "classCode": {"type": "integer"}, "name": {"type": "string"},
        "className": {"type": "string"}, "driver": {"type": "string"},
        "numaNode": {"type": "integer"}, "link": {"$ref": "#/definitions/pciLink"},
        "bestLink": {"$ref": "#/definitions/pciLink"},
        "portLink": {"$ref": "#/definitions/pciLink"},
        "totalVFs": {"type": "integer"}, "currentVFs": {"type": "integer"}
      }
    },
    "pciLink": {
      "type": "object", "additionalProperties": false,
      "required": ["gigatransfersPerSecond", "width"],
      "properties": {
        "gigatransfersPerSecond": {"type": "number"}, "width": {"type": "integer"}
      }
    },
    "manifest": {
      "type": "object", "additionalProperties": false, "required": ["format", "sha256"],
      "properties": {
        "format": {"const": "assay-manifest-1"},
        "sha256": {
          "type": "object",
          "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]{64}$"}
        }
      }
    },
    "histograms": {
      "type": "object", "additionalProperties": false,
      "required": ["format", "buckets", "unit", "distributions"],
      "properties": {
        "format": {"const": "assay-histograms-1"},
        "buckets": {
          "description": "fio's 29 groups of 64, or as many more as make 41",
          "enum": ["fio-29x64", "fio-41x64"]
        },
        "unit": {"const": "ns"},
        "distributions": {
          "type": "object", "additionalProperties": {"$ref": "#/definitions/distribution"}
        }
      }
    }
    """
}

extension String {
  /// Every line four spaces further in.
  fileprivate var indented: String {
    split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }
      .joined(separator: "\n")
  }
}
