"""The hold model and M/M/10 on SimPy: simpy_peer.py hold|queue PENDING COUNT, figures as JSON."""
import json
import random
import sys
import time

import simpy


def hold(pending, count):
  """Every event schedules one; a Timeout with a callback is the least that SimPy takes for it."""
  environment = simpy.Environment()
  chance = random.Random(1)
  delays = [chance.expovariate(1.0) for _ in range(1 << 16)]
  after = environment.timeout
  done = 0

  def again(_event):
    nonlocal done
    done += 1
    after(delays[done & 0xFFFF]).callbacks.append(again)

  for place in range(pending):
    after(delays[place & 0xFFFF]).callbacks.append(again)
  step = environment.step
  for _ in range(min(2 * pending, 100_000)):
    step()
  start = time.thread_time_ns()
  for _ in range(count):
    step()
  return {"count": count, "cpuNs": time.thread_time_ns() - start}


def queue(customers):
  """Ten servers, services of mean 1, arrivals every 1/8."""
  environment = simpy.Environment()
  desk = simpy.Resource(environment, capacity=10)
  chance = random.Random(1)
  waits = 0.0
  served = 0

  def customer():
    nonlocal waits, served
    came = environment.now
    with desk.request() as turn:
      yield turn
      waits += environment.now - came
      yield environment.timeout(chance.expovariate(1.0))
      served += 1

  def source():
    for _ in range(customers):
      environment.process(customer())
      yield environment.timeout(chance.expovariate(8.0))

  environment.process(source())
  start = time.thread_time_ns()
  environment.run()
  spent = time.thread_time_ns() - start
  return {"count": served, "cpuNs": spent, "meanWait": waits / served}


if __name__ == "__main__":
  work, pending, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
  print(json.dumps(hold(pending, count) if work == "hold" else queue(count)))
