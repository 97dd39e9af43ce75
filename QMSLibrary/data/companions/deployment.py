"""What a service runs as in Kubernetes."""

from __future__ import annotations

from random import Random
from typing import Final

from QMSLibrary.data.plan import Companion, Plan
from QMSLibrary.data.spelling import Domain, Noun, kebab

_MANIFEST: Final = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels:
    app: {name}
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: {name}
          image: {owner}/{name}:{version}
          ports:
            - containerPort: 8080
          envFrom:
            - configMapRef:
                name: {name}
          readinessProbe:
            httpGet:
              path: /health
              port: 8080
            periodSeconds: {period}
          resources:
            requests:
              cpu: {cpu}m
              memory: {memory}Mi
            limits:
              memory: {limit}Mi
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
  selector:
    app: {name}
  ports:
    - port: 80
      targetPort: 8080
"""


def path(plan: Plan, domain: Domain, noun: Noun) -> str:
    """Where it is."""
    return f"deploy/{kebab(noun.many)}.yaml"


def text(plan: Plan, companion: Companion, rng: Random, wanted: int) -> str:
    """A deployment and its service."""
    memory = rng.choice((128, 256, 512))
    return _MANIFEST.format(
        name=kebab(companion.noun.many),
        owner=plan.wishes.repository.partition("/")[0].lower(),
        version=f"{rng.randint(1, 6)}.{rng.randint(0, 30)}.{rng.randint(0, 9)}",
        replicas=rng.randint(2, 5),
        period=rng.choice((5, 10, 15)),
        cpu=rng.choice((100, 250, 500)),
        memory=memory,
        limit=memory * 2,
    )
