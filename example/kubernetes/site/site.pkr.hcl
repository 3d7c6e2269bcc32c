# One profile of the site: in a cluster the one of a pod's index, at a desk `packer build -var index=1 .` in this directory, whose
# file profiles has one name a line.
packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "index" {
  type        = number
  default     = 0
  description = "Which line of profiles is built; the first is 0."
}

variable "completions" {
  type        = number
  default     = 2
  description = "How many indexes the Job has: as many as profiles has lines, or some would not be built."

  validation {
    condition     = var.completions == length(split("\n", trimspace(file("profiles"))))
    error_message = "The Job's completions is not the number of lines in profiles."
  }
}

variable "isolation" {
  type    = string
  default = "auto"
}

variable "accelerator" {
  type    = string
  default = "auto"
}

variable "verify_boot" {
  type    = bool
  default = true
}

variable "output_directory" {
  type    = string
  default = "output"
}

# What QEMU would take of itself follows from what is left of the pod's limit as it starts.
variable "pod_memory" {
  type        = number
  default     = 0
  description = "The pod's limit of memory, in MiB; two thirds of it are the virtual machine's. 0: the host is this build's own."
}

variable "pod_cpus" {
  type        = number
  default     = 0
  description = "The pod's limit of processors. 0: the host's."
}

variable "apply" {
  type        = bool
  default     = false
  description = "Apply the AirshipImage, with its status, to the pod's namespace."
}

locals {
  profile = split("\n", trimspace(file("profiles")))[var.index]
}

data "airship-nodeprofile" "node" {
  documents = [path.root]
  name      = local.profile

  # cluster {} # for objects of the pod's namespace, too, with components/cluster-documents
}

source "airship" "node" {
  profile_yaml     = data.airship-nodeprofile.node.profile_yaml
  output_directory = "${var.output_directory}/${local.profile}"
  isolation        = var.isolation
  accelerator      = var.accelerator
  verify_boot      = var.verify_boot
  memory           = floor(var.pod_memory * 2 / 3)
  cpus             = var.pod_cpus
}

build {
  sources = ["source.airship.node"]

  provisioner "airship" {
    profile_yaml = data.airship-nodeprofile.node.profile_yaml
  }

  # Where to is what the AirshipImage's publish says.
  post-processor "airship-publish" {
    profile_yaml = data.airship-nodeprofile.node.profile_yaml

    dynamic "cluster" {
      for_each = var.apply ? [0] : []
      content {}
    }
  }
}
