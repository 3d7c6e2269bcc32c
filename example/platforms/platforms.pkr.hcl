# One profile for bare metal and two clouds: what differs is the platform, what follows from it, and the file's format.
# ../import hands such files to the clouds.
packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "verify_boot" {
  type    = bool
  default = true
}

variable "isolation" {
  type    = string
  default = "auto"
}

locals {
  documents = ["${path.root}/node.yaml"]
}

data "airship-nodeprofile" "baremetal" {
  documents = local.documents
}

data "airship-nodeprofile" "azure" {
  documents = local.documents
  platform  = "azure"
}

data "airship-nodeprofile" "gcp" {
  documents = local.documents
  platform  = "gcp"
  # Laid over the documents: the smallest disk that the cloud imports.
  overrides = yamlencode({ storage = { qcow_capacity = "10G" } })
}

locals {
  nodes = {
    baremetal = data.airship-nodeprofile.baremetal
    azure     = data.airship-nodeprofile.azure
    gcp       = data.airship-nodeprofile.gcp
  }
}

source "airship" "node" {
  verify_boot = var.verify_boot
  isolation   = var.isolation
}

build {
  source "airship.node" {
    name             = "baremetal"
    profile_yaml     = local.nodes.baremetal.profile_yaml
    output_directory = "${path.root}/output/baremetal"
  }

  source "airship.node" {
    name             = "azure"
    profile_yaml     = local.nodes.azure.profile_yaml
    output_directory = "${path.root}/output/azure"
    formats          = ["vhd"]
  }

  source "airship.node" {
    name             = "gcp"
    profile_yaml     = local.nodes.gcp.profile_yaml
    output_directory = "${path.root}/output/gcp"
    formats          = ["gce"]
  }

  provisioner "airship" {
    profile_yaml = local.nodes[source.name].profile_yaml
  }

  provisioner "shell" {
    inline = ["echo 'Made for ${source.name}' > /etc/motd"]
  }
}
