internal import Simulation

/// The parts of the model by their names, in the places that hold them.
extension Cluster {
  var world: World {
    @inline(__always) unsafeAddress { UnsafePointer(worldPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { worldPlace.address }
  }
  var clients: Clients {
    @inline(__always) unsafeAddress { UnsafePointer(clientsPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { clientsPlace.address }
  }
  var apiServers: APIServers {
    @inline(__always) unsafeAddress { UnsafePointer(apiServersPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { apiServersPlace.address }
  }
  var etcd: Etcd {
    @inline(__always) unsafeAddress { UnsafePointer(etcdPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { etcdPlace.address }
  }
  var watches: Watches {
    @inline(__always) unsafeAddress { UnsafePointer(watchesPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { watchesPlace.address }
  }
  var kubelets: Kubelets {
    @inline(__always) unsafeAddress { UnsafePointer(kubeletsPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { kubeletsPlace.address }
  }
  var certificates: CertificateSigner {
    @inline(__always) unsafeAddress { UnsafePointer(certificatesPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { certificatesPlace.address }
  }
  var daemonSets: DaemonSets {
    @inline(__always) unsafeAddress { UnsafePointer(daemonSetsPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { daemonSetsPlace.address }
  }
  var lifecycle: NodeLifecycle {
    @inline(__always) unsafeAddress { UnsafePointer(lifecyclePlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { lifecyclePlace.address }
  }
  var scheduler: Scheduler {
    @inline(__always) unsafeAddress { UnsafePointer(schedulerPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { schedulerPlace.address }
  }
  var controllers: Controllers {
    @inline(__always) unsafeAddress { UnsafePointer(controllersPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { controllersPlace.address }
  }
  var generator: LoadGenerator {
    @inline(__always) unsafeAddress { UnsafePointer(generatorPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { generatorPlace.address }
  }
  var provisioning: Provisioning {
    @inline(__always) unsafeAddress { UnsafePointer(provisioningPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { provisioningPlace.address }
  }
  var autoscalers: Autoscalers {
    @inline(__always) unsafeAddress { UnsafePointer(autoscalersPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { autoscalersPlace.address }
  }
  var addOns: AddOns {
    @inline(__always) unsafeAddress { UnsafePointer(addOnsPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { addOnsPlace.address }
  }
  var faults: Faults {
    @inline(__always) unsafeAddress { UnsafePointer(faultsPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { faultsPlace.address }
  }
  var sampler: Sampler {
    @inline(__always) unsafeAddress { UnsafePointer(samplerPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { samplerPlace.address }
  }
}
